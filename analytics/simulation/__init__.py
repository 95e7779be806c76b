"""What may happen: seeded Monte Carlo over a driver tree, and networks of tasks with uncertain durations."""
