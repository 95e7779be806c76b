"""Measures of a process: defects, yield, equipment, flow, the vital few, failure modes, and what to do first."""
