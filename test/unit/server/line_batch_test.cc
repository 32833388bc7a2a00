#include "server/line_batch.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::server {

TEST_CASE("every piece is whole lines, wherever the ring ends") {
    const std::string text = "one\ntwo\nthree\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        LineBatch batch;
        const std::string_view view = text;
        std::string together;
        for (const std::string_view piece : batch.take({view.substr(0, cut), view.substr(cut)})) {
            CHECK((piece.empty() || piece.ends_with('\n')));
            together += piece;
        }
        CHECK(together == text);
        CHECK(batch.size() == text.size());
    }
}

TEST_CASE("of nothing there is nothing, also after something") {
    LineBatch batch;
    batch.take({"a", "b\n"});
    for (const std::string_view piece : batch.take({})) CHECK(piece.empty());
    CHECK(batch.size() == 0);
}

}  // namespace uvoy::server
