"""The fact store and the measure engine: plain values in, plain values out, no Django."""
