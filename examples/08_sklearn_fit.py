import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier


def main():
    x = np.arange(10, dtype=float).reshape(-1, 1)
    line = LinearRegression().fit(x, 3 * x.ravel() + 1)

    points = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], dtype=float)
    labels = [0, 0, 0, 1, 1, 1]
    tree = DecisionTreeClassifier(random_state=0).fit(points, labels)
    groups = KMeans(n_clusters=2, n_init=10, random_state=0).fit(points)
    return {
        "coefficient": round(float(line.coef_[0]), 6),
        "intercept": round(float(line.intercept_), 6),
        "r2": round(float(line.score(x, 3 * x.ravel() + 1)), 6),
        "predicted": tree.predict([[0.5, 0.5], [8.5, 8.5]]).tolist(),
        "centres": sorted(np.round(groups.cluster_centers_, 3).tolist()),
    }
