"""How fast the core is: ``python -m tests.benchmarks`` prints a table and, with ``--json FILE``, writes it as JSON.

PyTorch (eager) and JAX (compiled) are peers where they are installed; the tutorial's own algorithm always is. Everybody
works on the same numbers in the same process on one thread, in alternating blocks of repetitions, so that what slows
the machine slows all of them alike; read the ratios, not the microseconds.
"""
