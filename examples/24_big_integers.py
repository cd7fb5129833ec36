import math


def main(number, numbers):
    return {
        "number": number + 1,
        "negative": -(2**64),
        "factorial": math.factorial(30),
        "sum": sum(numbers),
        "float": 1e300 * 10,
        "small": 5e-324,
        "tenth": 0.1 + 0.2,
        "is_int": type(number) is int,
    }
