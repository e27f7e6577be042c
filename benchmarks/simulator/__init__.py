"""A contact center in virtual time around `routing.decide`: who calls, who answers, and what queueing theory expects.

`driver.py` is the loop; `streams.py` and `shifts.py` say who comes and who works; `records.py` keeps a row per contact.
`one_queue.py`, `tiers.py` and `day.py` are scenes; `erlang.py` and `intervals.py` judge them.
"""
