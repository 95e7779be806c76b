from benchmarks.peers import FOLDER, make

make()
print(f"The peers are installed in {FOLDER}.")
