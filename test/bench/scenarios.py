"""What is sent: small requests, large heads, large bodies, a connection a request."""

import dataclasses

COOKIE = "cookie: session=" + "0123456789abcdef" * 64
HEADERS_2K = [
    "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "accept-language: en-GB,en;q=0.7,de;q=0.3",
    "accept-encoding: gzip, deflate, br",
    "referer: https://www.example.com/catalogue/section/page?view=all&sort=price&page=17",
    "cache-control: no-cache",
    *(f"x-application-field-{i}: " + "value" * 21 for i in range(5)),
    COOKIE,
]


@dataclasses.dataclass(frozen=True)
class Scenario:
    connections: int
    path: str = "/small"
    headers: tuple = ()
    # The relay ends its connection to the origin with the client's, so it is no floor for `close`.
    floor: bool = True


SCENARIOS = {
    "small-1": Scenario(1),
    "small-64": Scenario(64),
    "small-1000": Scenario(1000),
    "headers-2k": Scenario(64, headers=tuple(HEADERS_2K)),
    "body-64k": Scenario(64, "/64k"),
    "body-1m": Scenario(16, "/1m"),
    "close": Scenario(64, headers=("connection: close",), floor=False),
}
