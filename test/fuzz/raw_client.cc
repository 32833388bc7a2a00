#include "raw_client.h"

#include "check.h"
#include "raw_endpoint.h"
#include "strict_message.h"

namespace uvoy::fuzz {

namespace {

void check_owner(const StrictMessage &answer, const std::string &address) {
    const std::string owner = answer.value(RawEndpoint::owner_field);
    check(owner.empty() || owner == address, "the answer to another client");
}

}  // namespace

bool RawClient::may_be_to_head(const Recorded &exchange) const {
    // A head that was not understood has no method in the log, and yet may have said HEAD.
    return exchange.method.empty() && sent_.find("HEAD ") != std::string::npos;
}

void RawClient::check_answers() const {
    std::string_view rest{received_};
    for (const Recorded &exchange : recorded_) {
        for (bool interim = true; interim;) {
            if (rest.empty() && !ended_) return;
            Taken taken = take_response(rest, exchange.method == "HEAD", ended_);
            if (taken.verdict == Taken::Verdict::incomplete && may_be_to_head(exchange)) {
                const Taken head = take_response(rest, true, ended_);
                if (head.size == rest.size()) taken = head;  // a refusal is the last answer
            }
            check(taken.verdict != Taken::Verdict::malformed, "an answer has " + taken.why);
            if (taken.verdict == Taken::Verdict::incomplete) {
                // An exchange that ended with its client has a record and no answer.
                check(!ended_ || rest.empty(), "an answer is cut, and the end looks orderly");
                return;
            }
            rest.remove_prefix(taken.size);
            const int status = taken.message.status();
            if (status == 101) return;
            interim = status < 200;
            if (interim) continue;
            check(status == exchange.status, "an answer with another status than recorded");
            check_owner(taken.message, address_);
        }
    }
    check(rest.empty(), "an answer to nothing");
}

}  // namespace uvoy::fuzz
