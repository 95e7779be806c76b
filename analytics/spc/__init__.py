"""Statistical process control: charts, the rules that find signals on them, icons, and the batch form of both."""
