# SPDX-License-Identifier: Apache-2.0
"""getter.py capauth|by_hand: what `session.signed_in` costs, in nanoseconds."""

import sys
import timeit

COUNT = 1000000

if sys.argv[1] == "capauth":
    import capauth

    client = capauth.Client(base_url="https://127.0.0.1:1")
    session = client.session(brand="Bench", mobile="919999999993", device_id="device-1")
else:
    import by_hand

    session = by_hand.Session()

seconds = min(timeit.repeat("session.signed_in", number=COUNT, repeat=4, globals={"session": session}))
print(f'{{"ns": {seconds * 1e9 / COUNT:.2f}}}')
