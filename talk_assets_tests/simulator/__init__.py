"""The simulator: random histories of the real hub on systems in memory, against the promises of the sync.

    script    what happens in a history, as data: what people do, the runs, and the faults in them
    writing   a script from a seed
    fate      who decides on faults: chance, and then it is written down, or what was written down
    world     the clock, the points where something can go wrong, and the book of what people did
    memory    systems in memory, with the traits and the faults of the real ones
    office    the four systems of a history, their collections, and the people who work there
    history   plays a script on the hub
    promises  holds what came of it against the promises
    shrinking makes a script that breaks a promise short
    planted   switches off one protection of the hub at a time, which must be found

Histories are lived in groups that share systems and runs, since a run costs hardly more for a hundred than for one.
Each has records of its own; they have the traits of the systems and the crashes in common.
"""
