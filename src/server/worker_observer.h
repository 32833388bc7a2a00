#pragma once

#include "proxy/proxy.h"
#include "server/failure_channel.h"
#include "server/flight_recorder.h"
#include "server/worker_log.h"

#include <cstddef>

namespace uvoy::server {

/// Passes on what a worker's proxy has to tell: failures to the control loop and to the flight
/// recorder, exchanges to the access log.
class WorkerObserver final : public proxy::Observer {
public:
    /// `log` is null without an access log.
    WorkerObserver(std::size_t worker, std::uint32_t generation, FailureChannel &failures,
                   FlightRecorder &recorder, WorkerLog *log, stats::WorkerStats &stats)
        : worker_{worker},
          generation_{generation},
          failures_{failures},
          recorder_{recorder},
          log_{log},
          stats_{stats} {}

    void on_endpoint_failure(const proxy::EndpointFailure &failure) override;
    void on_exchange(const proxy::ExchangeRecord &record) override;
    void on_failure(const proxy::ExchangeRecord &record, const proxy::Failure &failure,
                    bool retried) override {
        recorder_.record(record, failure, retried);
    }

private:
    std::size_t worker_;
    std::uint32_t generation_;
    FailureChannel &failures_;
    FlightRecorder &recorder_;
    WorkerLog *log_;
    stats::WorkerStats &stats_;
};

}  // namespace uvoy::server
