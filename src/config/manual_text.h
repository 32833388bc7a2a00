#pragma once

#include <string_view>

// What uvoy.json(5) says beside the keys.

namespace uvoy::config {

inline constexpr std::string_view manual_head = R"(.Dd November 24, 2026
.Dt UVOY.JSON 5
)";

inline constexpr std::string_view manual_introduction = R"(.Sh NAME
.Nm uvoy.json
.Nd configuration of the HTTP proxy and load balancer uvoy
.Sh DESCRIPTION
One JSON file says what
.Xr uvoy 8
serves.
Comments in the forms
.Ql //
and
.Ql /* */
are allowed in it.
Every key that is not marked
.Em required
may be left out.
An unknown key, a key that stands twice, a value of the wrong type or out of its range and a name
that nothing has are errors:
.Ic uvoy check
prints all of them at once.
.Ss Units
Durations are
.Li \(dq250ms\(dq ,
.Li \(dq1m30s\(dq ,
sizes
.Li \(dq64KiB\(dq ,
.Li \(dq10MB\(dq ,
rates
.Li \(dq100/s\(dq ,
.Li \(dq6000/m\(dq ,
shares
.Li \(dq50%\(dq .
Ranges include both ends.
.Ss References
Strings may hold
.Bl -tag -width Ds
.It Li ${ENV:NAME}
the value of an environment variable
.It Li ${ENV:NAME:-default}
the same, or the default if it is not set
.It Li ${FILE:/path}
what a file says, without the newline at its end
.El
.Sh KEYS
.Ql NAME
stands for a name of your choice,
.Ql []
for each item of an array.
)";

inline constexpr std::string_view manual_end = R"(.Sh FILES
.Bl -tag -width Ds
.It Pa /etc/uvoy/uvoy.json
what the service reads
.El
.Sh EXAMPLES
The smallest file: with one cluster and no routes, every request goes to that cluster.
.Bd -literal -offset indent
{
  "listeners": { "web": { "address": "0.0.0.0:3000" } },
  "clusters":  { "app": { "endpoints": ["127.0.0.1:8081"] } }
}
.Ed
.Sh SEE ALSO
.Xr uvoy 8
)";

}  // namespace uvoy::config
