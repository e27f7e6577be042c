"""The fault drill: the service in seven processes under traffic and faults, and a checker of what it left behind.

    make drill                                        the whole of it, some minutes; exit code 1 on a violation
    python -m drill --only pause --minutes 1          one kind of fault (PYTHONPATH=tests)
    python -m drill --planted                         broken copies of the service, each of which must be caught

`records` are the plain values of a history, `checker` and `rules_*` judge them and do no I/O; everything else makes
one. Traffic goes through the public doors alone; the store's tables are read only when everything is over.
"""
