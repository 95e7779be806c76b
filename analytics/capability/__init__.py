"""Can the process meet its specification, and can the measurement be trusted?"""
