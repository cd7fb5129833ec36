import numpy as np
from scipy import integrate, linalg, optimize, stats


def main():
    area, _ = integrate.quad(np.sin, 0, np.pi)
    root = optimize.brentq(lambda x: x**3 - 2, 0, 2)
    minimum = optimize.minimize(lambda p: (p[0] - 1) ** 2 + (p[1] + 2) ** 2, x0=[0.0, 0.0])
    test = stats.ttest_ind([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0])
    return {
        "area": round(area, 9),
        "cube_root_of_two": round(root, 9),
        "minimum": [round(float(x), 3) for x in minimum.x],
        "t": round(float(test.statistic), 6),
        "p": round(float(test.pvalue), 6),
        "determinant": round(float(linalg.det([[2.0, 1.0], [1.0, 3.0]])), 9),
    }
