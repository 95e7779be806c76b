"""The fact store and the measure engine. Knows no Django: plain values, Arrow tables and files go in and out."""
