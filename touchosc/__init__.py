"""Control surfaces for tablets: one layout, written for TouchOSC and for Open Stage Control.

Nothing of the daemon imports this; `python -m touchosc.build` writes the two files that are shipped.
"""
