"""All request cases."""

import requests_chunks
import requests_fields
import requests_framing
import requests_hop_by_hop
import requests_pipelining
import requests_start_line
import requests_targets

TABLES = {
    "start line": requests_start_line.CASES,
    "targets and Host": requests_targets.CASES,
    "fields": requests_fields.CASES,
    "framing": requests_framing.CASES,
    "chunks and trailers": requests_chunks.CASES,
    "one hop and its neighbours": requests_hop_by_hop.CASES,
    "pipelining": requests_pipelining.CASES,
}
CASES = [case for table in TABLES.values() for case in table]
