#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/dns_message.h"
#include "uv/timer.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct ares_channeldata;

namespace uvoy::uv {

class Loop;

/// Asks DNS servers over a loop, by c-ares: over UDP from a random port, over TCP what is too large
/// for it, and the next server when one does not answer.
class DnsClient {
public:
    enum class Verdict : std::uint8_t {
        found,
        none,    ///< the servers say that there is no such name, or no such record
        failed,  ///< nobody knows
    };
    struct Answer {
        Verdict verdict = Verdict::failed;
        std::string error;  ///< of `none` and `failed`, for the operator
        DnsRecords found;   ///< with at least one record if `found`
    };
    /// May come before ask() returns.  It must not destroy the client.
    using OnAnswer = std::function<void(const Answer &)>;

    /// How long the first try at a server may take; there are three, each twice as long.
    static constexpr Duration first_timeout = std::chrono::milliseconds{800};

    /// `server` is an IP address with a port; empty: those of /etc/resolv.conf as it is now, with
    /// its search domains.
    DnsClient(Loop &loop, const std::string &server);
    /// What is under way gets no answer.
    ~DnsClient();

    DnsClient(const DnsClient &) = delete;
    DnsClient &operator=(const DnsClient &) = delete;

    void ask(const std::string &name, DnsType type, OnAnswer on_answer);

    /// What /etc/hosts has of a name, with port 0.  Reads the file, so it is not for data planes.
    std::vector<SocketAddress> find_in_hosts(const std::string &name) const;

private:
    struct Question;
    struct Socket;

    static void on_response(void *question, int status, int timeouts, unsigned char *bytes,
                            int size);
    void watch(int socket, bool readable, bool writable);
    void on_timer() { process(-1, -1); }
    void process(int readable, int writable);  // sockets; -1 = none
    void arm();

    Loop &loop_;
    ares_channeldata *channel_ = nullptr;
    int broken_;  // c-ares' status when there is no channel
    std::unordered_map<int, std::unique_ptr<Socket>> sockets_;
    Timer timer_;
};

}  // namespace uvoy::uv
