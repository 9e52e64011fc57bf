"""The soak: all systems over real HTTP, faults on, people editing everywhere, and a sync that is killed at random.

`village` is the sandbox with its data folder, `syncing` the processes that are started and killed, `people` who edits
what, `hands` how that is carried out, `shelves` where records lie, `values` what is written. Afterwards `oracle` looks
at everything and `edits` at every single edit. `crashes` asks the same of two systems, beside a twin; this asks it of
all of them, without one: it knows what must hold whatever happened.
"""
