"""The single-finger module: R30x, ZFM-20, AS608, R503."""
