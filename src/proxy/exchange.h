#pragma once

#include "base/text_buffer.h"
#include "base/time.h"
#include "cluster/endpoint.h"
#include "config/config.h"
#include "http/body.h"
#include "http/head.h"
#include "http/target.h"
#include "limit/claims.h"
#include "proxy/failure.h"
#include "proxy/gather.h"
#include "proxy/journal.h"
#include "proxy/pool.h"
#include "proxy/request_rules.h"
#include "proxy/session.h"
#include "proxy/trace_context.h"
#include "proxy/upstream_connection.h"
#include "route/key.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace uvoy::proxy {

class Proxy;
class Service;
struct ExchangeRecord;
struct AfterBody;
struct LocalAnswer;

/// One request and its response: finds the route, asks the limits, picks an endpoint, streams both
/// bodies with back pressure, and decides what a failure means.  Recycled by the Proxy, so its
/// buffers stay allocated.
class Exchange {
public:
    explicit Exchange(Proxy &proxy);
    ~Exchange();

    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;

    // --- from the session

    void begin(Session &session, TimePoint first_byte);
    /// The head is good.  Session::exchange_over() may follow before this returns.
    void start(const http::RequestHead &head, std::size_t head_bytes, TimePoint now);
    /// The head is not: answers and ends.  `head`: the client gets no body, as far as one can tell.
    [[gnu::cold]] void refuse(const Failure &failure, bool head, TimePoint now);
    /// Takes bytes of the request's body (or of a tunnel), and sends what start() left to send.
    /// Returns how many bytes were its own.
    std::size_t receive(Bytes bytes, TimePoint now);
    void on_client_drained(TimePoint now);
    [[gnu::cold]] void on_client_end(TimePoint now);
    [[gnu::cold]] void on_client_lost(Reason reason, TimePoint now);
    TimePoint deadline() const;
    [[gnu::cold]] void on_deadline(TimePoint now);

    // --- from the pool

    void on_connection(UpstreamConnection &connection, TimePoint now);
    [[gnu::cold]] void on_no_connection(Reason reason, TimePoint now);
    void on_reserved(UpstreamConnection &connection) { reserved_ = &connection; }
    [[gnu::cold]] void on_reservation_lost(TimePoint now);
    /// The connection was unfit already when it was lent.
    [[gnu::cold]] void on_taken_back(TimePoint now);

    // --- from the upstream connection

    http::Method method() const { return method_; }
    Transport &client() { return session_->transport(); }
    [[gnu::cold]] void on_interim_response(const http::ResponseHead &head, Gather &out,
                                           TimePoint now);
    /// False: 101 was not asked for.
    [[gnu::cold]] bool on_switched(const http::ResponseHead &head, Gather &out, TimePoint now);
    /// The exchange may be at another endpoint afterwards: then the connection was told to discard
    /// the response.
    void on_response_head(const http::ResponseHead &head, const http::Framing &framing, Gather &out,
                          TimePoint now);
    /// The response turns out to be none.  True if the client has not seen a byte of it.
    [[gnu::cold]] bool take_back_response(Gather &out);
    void on_response_body(Bytes data, Gather &out, TimePoint now);
    /// What was added to `out` has been written.
    void on_response_flushed(Gather &out, TimePoint now);
    /// `reusable`: as far as the response goes.
    void on_response_end(const http::Fields &trailers, bool reusable, Gather &out, TimePoint now);
    void on_tunnel_bytes(Bytes bytes, TimePoint now);
    void on_tunnel_end(TimePoint now);
    void on_upstream_drained(TimePoint now);
    [[gnu::cold]] void on_upstream_lost(Reason reason, TimePoint now);

    /// Gives back memory of unusual size; between two uses.
    void trim();

    static constexpr std::size_t max_tries = 16;
    /// More than this is queued for one side: the other side is not read.
    static constexpr std::size_t high_mark = std::size_t{64} * 1024;
    /// To be asked after a write.
    static bool is_above_mark(Transport &transport) {
        return transport.congested() && transport.queued() > high_mark;
    }
    // So nobody has to ask again when what was put off is refused.
    static_assert(Transport::most_put_off <= high_mark);
    /// What is read and thrown away to keep a connection after an early answer.
    static constexpr std::size_t discard_limit = std::size_t{64} * 1024;
    static constexpr Duration longest_discard = std::chrono::seconds{10};

private:
    enum class Response : std::uint8_t { none, streaming, over };

    // exchange_request.cc
    /// A request while its bytes are still there.
    struct Incoming {
        const http::RequestHead &head;
        http::Target target;
        std::string_view authority;  ///< of the target or of Host
    };
    /// None: it has been answered.
    std::optional<Incoming> read(const http::RequestHead &head, TimePoint now);
    /// The error is the status to refuse it with.
    Result<Incoming, int> read_target(const http::RequestHead &head);
    /// Of a request that is not to be forwarded any further.
    [[gnu::cold]] void answer_as_recipient(const Incoming &request, TimePoint now);
    std::string_view client_ip() const;
    void note(const Incoming &request);
    void note_for_log(const Incoming &request);
    /// What a proxy before us, whom we trust, says of the client.
    void believe(const http::Fields &fields);
    std::string_view make_id();
    /// That of a new trace.
    std::string_view traceparent() const {
        return {made_traceparent_.data(), made_traceparent_.size()};
    }

    // exchange_start.cc
    void route(const Incoming &request, TimePoint now);
    void forward(const Incoming &request, const route::KeyInput &key, TimePoint now);
    /// Makes the cookie that the key asks for, if the client has none.
    std::uint64_t hash_of(route::KeyInput key);
    /// Whether the body may have to be sent again, and there is room to keep it.
    bool may_keep_body() const;
    std::string_view wanted_protocol(const http::Fields &fields) const;
    void write_upstream_head(const Incoming &request);
    void try_next(TimePoint now);
    void seek_connection(Pool::Care care, TimePoint now);
    [[gnu::cold]] void seek_another(TimePoint now);
    /// What was queued for the endpoint is gone, and nobody will say that it has left.
    [[gnu::cold]] void forget_queued();
    Pool::Care care() const;
    void leave_endpoint();

    /// Once the request is there as a whole, for a client may take its time.
    void start_try_clock(TimePoint now);

    // exchange_retry.cc
    [[gnu::cold]] void fail(Reason reason, TimePoint now);
    /// Whom it may concern: a try failed by its endpoint's fault.
    [[gnu::cold]] void note_failure(Reason reason, TimePoint now);
    [[gnu::cold]] void give_up(const Failure &failure, TimePoint now);
    const RetryClasses &retry_classes() const;
    /// As far as the request goes, and the number of tries.
    bool may_try_again() const;
    /// True: the answer is not for the client, another try follows.
    bool retries_answer(int status, TimePoint now);
    [[gnu::cold]] void back_off(TimePoint now);
    [[gnu::cold]] void on_retry_due(TimePoint now);
    [[gnu::cold]] void try_again(TimePoint now);
    /// Takes a place in the cluster's retry budget.
    [[gnu::cold]] bool enter_retry();
    void leave_retry();

    // exchange_limits.cc
    /// False: it has been answered.
    bool within_limits(const route::KeyInput &request, TimePoint now);
    /// Fills Proxy::claims.
    void claim_tokens(const route::KeyInput &request);
    [[gnu::cold]] void answer_rate_limited(const limit::Claim &refusing, TimePoint now);

    // exchange_serve.cc
    [[gnu::cold]] void serve(Service &service, const Incoming &request, TimePoint now);
    /// Of a request whose body is there.
    [[gnu::cold]] void answer_after_body(TimePoint now);

    // exchange_answer.cc
    [[gnu::cold]] void answer(const Failure &failure, TimePoint now);
    void answer_locally(const LocalAnswer &answer, TimePoint now);
    void send_answer(int status, std::string_view fields, std::string_view body, TimePoint now);
    /// `length` of the body, if it may have one.
    void write_answer_head(int status, std::string_view fields, std::size_t length, TimePoint now);

    // exchange_response.cc
    /// Some endpoints do not read the body of a GET and take it for the next request (RFC 9110
    /// section 9.3.1): its answer would be that of whoever comes next on the connection.
    bool may_be_misread() const;
    /// The endpoint has answered the try; a tunnel counts as an answer.
    void note_answer(int status, TimePoint now);
    /// For the policy peak_ewma: a try got its answer, or failed.
    void note_latency(bool good, TimePoint now);
    bool is_logged() const;
    /// All that is known of it; views live until the exchange changes.
    ExchangeRecord describe(TimePoint now) const;
    /// A try failed, and another one follows; `status` is what the endpoint answered, or 0.
    [[gnu::cold]] void tell_retried(const Failure &failure, int status, TimePoint now);
    /// Value of Set-Cookie, or nothing (RFC 6265 section 4.1).
    std::string set_cookie() const;
    void record(TimePoint now);

    // exchange.cc
    /// Of a request that has no more than that.
    void send_bare_head(TimePoint now);
    /// Why the body ends here; none: it is good so far.
    Reason judge_body(const http::BodyDecoder::Step &step);
    void forward_body(Bytes data, Gather *out);
    void end_request(Gather *out, TimePoint now);
    [[gnu::cold]] void on_bad_request_body(Reason reason, TimePoint now);
    void wrote_upstream();
    void wrote_client(std::size_t bytes, TimePoint now);
    [[gnu::cold]] void on_slow_body(TimePoint now);
    [[gnu::cold]] void on_late_answer(TimePoint now);
    [[gnu::cold]] void on_no_room(TimePoint now);
    [[gnu::cold]] void on_idle(TimePoint now);
    /// It is slow, but not dead: the backlog has shrunk since the last look.
    [[gnu::cold]] bool upstream_takes_bytes(TimePoint now);
    Phase phase() const;
    void finish(Session::After after, TimePoint now);
    void drop_upstream(TimePoint now);
    void finish_if_over(TimePoint now);
    const config::Cluster &cluster() const;

    Proxy &proxy_;
    Session *session_ = nullptr;
    UpstreamConnection *upstream_ = nullptr;
    UpstreamConnection *reserved_ = nullptr;  // waiting_ for it
    const config::Route *route_ = nullptr;

    TextBuffer head_;      // rewritten, kept until a response begins
    std::string unsent_;   // request body, as it is sent: what has not been, or all of it
    TextBuffer response_;  // head of the response, while it is being written
    Journal journal_;      // what the log wants to know, copied
    http::BodyDecoder body_;
    http::Framing request_framing_;
    http::Framing response_framing_;  // as the client gets it

    TimePoint first_byte_{};                    // of the request
    TimePoint progress_{};                      // last byte in either direction
    TimePoint read_due_ = TimePoint::max();     // the client's next body byte
    TimePoint pending_due_ = TimePoint::max();  // a connection from the pool
    TimePoint discard_due_ = TimePoint::max();  // the end of what is thrown away
    TimePoint try_due_ = TimePoint::max();      // the first byte of this try's answer
    TimePoint retry_due_ = TimePoint::max();    // the end of a back-off
    TimePoint give_up_due_ = TimePoint::max();  // of waiting for room in the retry budget
    TimePoint waiting_since_{};
    TimePoint tried_at_{};  // endpoint picked
    TimePoint sent_at_{};   // head written to the endpoint
    TimePoint asked_at_{};  // tried_at_, or when the request was over if that came later

    std::uint64_t hash_ = 0;
    std::uint64_t body_left_ = 0;  // of what the route allows
    std::size_t backlog_ = 0;      // towards the endpoint, when it was last looked at
    std::array<std::uint16_t, max_tries> tried_{};
    std::size_t tries_ = 0;
    std::size_t head_size_ = 0;  // of head_ without its end
    EndpointId endpoint_;
    cluster::Endpoint *at_ = nullptr;          // entered
    std::unique_ptr<AfterBody> after_body_;    // who answers when unsent_ has the whole body
    const config::KeyPart *cookie_ = nullptr;  // to be set in the response
    std::array<char, 16> cookie_value_{};
    Failure failure_;
    http::Method method_ = http::Method::get;
    http::Version version_ = http::Version::http11;
    Response response_state_ = Response::none;
    bool request_over_ = false;
    bool request_complete_ = false;  // request_over_ and nothing of it was cut
    bool discarding_ = false;
    Course course_;
    bool head_sent_ = false;
    bool response_unsent_ = false;  // all of it is still in this event's Gather
    bool waiting_ = false;
    bool dialled_ = false;        // waiting_ for a connection that is being made
    bool keeps_body_ = false;     // unsent_ has all of the body that has come
    bool retrying_ = false;       // counted in the cluster's retries
    bool persists_ = true;        // as far as the client's head and our answer go
    bool client_closes_ = false;  // it said that it sends no further request
    bool tunnel_ = false;
    bool tunnel_client_over_ = false;
    bool tunnel_upstream_over_ = false;
    bool local_ = false;             // uvoy's own answer
    bool continues_trace_ = false;   // the client's traceparent is good
    bool told_to_continue_ = false;  // the client, by a 100
    Traceparent made_traceparent_{};
    std::array<char, 32> made_id_{};
};

}  // namespace uvoy::proxy
