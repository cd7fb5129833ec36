class Adder:
    def __init__(self, start):
        self.start = start

    def __call__(self, *numbers):
        return self.start + sum(numbers)


main = Adder(100)
