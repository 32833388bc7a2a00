#include "http/chunk_extension.h"

#include "http/bytes.h"

namespace uvoy::http {

bool ChunkExtension::take(char byte) {
    switch (at_) {
        case At::name_start:
            if (is_blank(byte)) return true;
            return token_bytes.has(byte) && go(At::name);
        case At::name:
            if (token_bytes.has(byte)) return true;
            [[fallthrough]];
        case At::name_end:
            if (is_blank(byte)) return go(At::name_end);
            if (byte == '=') return go(At::value_start);
            return byte == ';' && go(At::name_start);
        case At::value_start:
            if (is_blank(byte)) return true;
            if (byte == '"') return go(At::quoted);
            return token_bytes.has(byte) && go(At::value);
        case At::value:
            return token_bytes.has(byte) || take_after_value(byte);
        case At::value_end:
        case At::quoted_end:
            return take_after_value(byte);
        case At::quoted:
            if (byte == '"') return go(At::quoted_end);
            if (byte == '\\') return go(At::escape);
            return text_bytes.has(byte);
        case At::escape:
            return text_bytes.has(byte) && go(At::quoted);
    }
    return false;
}

bool ChunkExtension::take_after_value(char byte) {
    if (is_blank(byte)) return go(At::value_end);
    return byte == ';' && go(At::name_start);
}

}  // namespace uvoy::http
