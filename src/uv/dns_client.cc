#include "uv/dns_client.h"

#include "uv/loop.h"
#include "uv/watch.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/time.h>

#include <array>
#include <utility>

namespace uvoy::uv {

namespace {

constexpr int internet_class = 1;
constexpr int none = ARES_SOCKET_BAD;
constexpr int tries = 3;
// What passes through any network in one piece (DNS flag day 2020).
constexpr int udp_payload = 1232;

DnsClient::Answer answer_of(int status, DnsType type, std::span<const std::uint8_t> bytes) {
    using Verdict = DnsClient::Verdict;
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        return {.verdict = Verdict::none, .error = ares_strerror(status), .found = {}};
    if (status != ARES_SUCCESS)
        return {.verdict = Verdict::failed, .error = ares_strerror(status), .found = {}};
    std::optional<DnsRecords> found = parse_dns_response(bytes, type);
    if (!found) return {.verdict = Verdict::failed, .error = "malformed response", .found = {}};
    if (found->records.empty())
        return {.verdict = Verdict::none, .error = ares_strerror(ARES_ENODATA), .found = {}};
    return {.verdict = Verdict::found, .error = {}, .found = std::move(*found)};
}

SocketAddress address_of(int family, const char *ip) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, ip, text.data(), text.size());
    const std::string host{text.data()};
    return *parse_address(family == AF_INET6 ? "[" + host + "]:0" : host + ":0");
}

}  // namespace

struct DnsClient::Question {
    DnsType type;
    OnAnswer on_answer;
};

/// One of c-ares'.
struct DnsClient::Socket {
    Socket(DnsClient &owner, int fd)
        : client{owner},
          watch{owner.loop_, fd, Watch::OnReady::bind<&Socket::on_ready>(*this)},
          number{fd} {}

    /// c-ares may close the socket meanwhile.  An error is for it to find, by reading.
    void on_ready(std::uint32_t events) {
        const bool broke = (events & Watch::broken) != 0;
        client.process(broke || (events & Watch::readable) != 0 ? number : none,
                       broke || (events & Watch::writable) != 0 ? number : none);
    }

    DnsClient &client;
    Watch watch;
    int number;
};

DnsClient::DnsClient(Loop &loop, const std::string &server)
    : loop_{loop}, timer_{loop, Delegate<void()>::bind<&DnsClient::on_timer>(*this)} {
    ares_options options{};
    options.flags = ARES_FLAG_EDNS;
    options.ednspsz = udp_payload;
    options.timeout = static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(first_timeout).count());
    options.tries = tries;
    options.sock_state_cb = [](void *client, ares_socket_t socket, int readable, int writable) {
        static_cast<DnsClient *>(client)->watch(socket, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    broken_ = ares_library_init(ARES_LIB_INIT_ALL);
    if (broken_ == ARES_SUCCESS)
        broken_ = ares_init_options(&channel_, &options,
                                    ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
                                        ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (broken_ == ARES_SUCCESS && !server.empty())
        broken_ = ares_set_servers_ports_csv(channel_, server.c_str());
}

DnsClient::~DnsClient() {
    if (channel_ != nullptr) ares_destroy(channel_);
    ares_library_cleanup();
}

void DnsClient::ask(const std::string &name, DnsType type, OnAnswer on_answer) {
    if (broken_ != ARES_SUCCESS) {
        on_answer(answer_of(broken_, type, {}));
        return;
    }
    auto question = std::make_unique<Question>(Question{type, std::move(on_answer)});
    // c-ares answers each question exactly once, at the latest when the channel is destroyed.
    ares_search(channel_, name.c_str(), internet_class, static_cast<int>(type),
                &DnsClient::on_response, question.release());
    arm();
}

std::vector<SocketAddress> DnsClient::find_in_hosts(const std::string &name) const {
    std::vector<SocketAddress> found;
    for (const int family : {AF_INET, AF_INET6}) {
        hostent *host = nullptr;
        if (broken_ != ARES_SUCCESS ||
            ares_gethostbyname_file(channel_, name.c_str(), family, &host) != ARES_SUCCESS)
            continue;
        const std::unique_ptr<hostent, decltype([](hostent *entry) { ares_free_hostent(entry); })>
            owner{host};
        for (char **ip = host->h_addr_list; *ip != nullptr; ++ip)
            found.push_back(address_of(family, *ip));
    }
    return found;
}

void DnsClient::on_response(void *asked, int status, int /*timeouts*/, unsigned char *bytes,
                            int size) {
    const std::unique_ptr<const Question> question{static_cast<Question *>(asked)};
    if (status == ARES_EDESTRUCTION) return;
    const std::size_t length = size > 0 ? static_cast<std::size_t>(size) : 0;
    question->on_answer(answer_of(status, question->type, {bytes, length}));
}

void DnsClient::watch(int socket, bool readable, bool writable) {
    if (!readable && !writable) {
        sockets_.erase(socket);  // c-ares closes it now
        return;
    }
    std::unique_ptr<Socket> &watched = sockets_[socket];
    if (watched == nullptr) watched = std::make_unique<Socket>(*this, socket);
    const std::uint32_t events =
        (readable ? Watch::readable : 0) | (writable ? Watch::writable : 0);
    // If it is refused, the question waits for its time-out.
    static_cast<void>(watched->watch.want(events));
}

void DnsClient::process(int readable, int writable) {
    ares_process_fd(channel_, readable, writable);
    arm();
}

void DnsClient::arm() {
    timeval wait{};
    if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
        timer_.cancel();
        return;
    }
    timer_.arm(std::chrono::seconds{wait.tv_sec} + std::chrono::microseconds{wait.tv_usec});
}

}  // namespace uvoy::uv
