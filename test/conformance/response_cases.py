"""All response cases."""

import responses_body
import responses_head

TABLES = {"status line and fields": responses_head.CASES, "bodies": responses_body.CASES}
CASES = [case for table in TABLES.values() for case in table]
