import numpy as np
from scipy import integrate, interpolate, optimize, signal, sparse, spatial, special, stats
from scipy.sparse import linalg as sparse_linalg
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

EXPECTED = {"minimum": [1.0, 1.0], "root": 1.414214, "integral": 2.0, "spline": 0.84, "sparse": 4.0,
            "eigenvalue": 2.618034, "peaks": [25, 125, 225], "t test": True, "hull": 4, "gamma": 24.0,
            "slope": 2.0, "clusters": 2, "one job": 1.0, "two jobs": 1.0, "scores": 3, "threads": 1.0}
LIMITS = {"wall_s": 30}


def main():
    chain = sparse.diags([1.0, 2.0, 1.0], [-1, 0, 1], shape=(4, 4)).tocsc()
    x = np.linspace(0, 1, 11)
    points = np.vstack([np.random.default_rng(1).normal(c, 0.1, (40, 2)) for c in (0, 5)])
    labels = np.repeat([0, 1], 40)

    def forest(jobs):
        return RandomForestClassifier(20, n_jobs=jobs, random_state=1).fit(points, labels).score(points, labels)

    # n_jobs=2 starts worker processes through joblib here.
    scores = cross_val_score(make_pipeline(StandardScaler(), SVC()), points, labels, cv=3, n_jobs=2)
    return {
        "minimum": optimize.minimize(optimize.rosen, [0, 0], tol=1e-9).x.round(3).tolist(),
        "root": round(optimize.brentq(lambda v: v * v - 2, 0, 2), 6),
        "integral": round(integrate.quad(np.sin, 0, np.pi)[0], 9),
        "spline": round(float(interpolate.CubicSpline(x, np.sin(x))(1.0)), 2),
        "sparse": round(float(sparse_linalg.spsolve(chain, np.array([1.0, 0, 0, 0])).sum()) * 10, 6),
        "eigenvalue": round(float(sparse_linalg.eigsh(chain.astype(float), k=1)[0][0]) - 1, 6),
        "peaks": signal.find_peaks(np.sin(np.arange(300) * 2 * np.pi / 100))[0].tolist(),
        "t test": bool(stats.ttest_ind(points[:40, 0], points[40:, 0]).pvalue < 0.01),
        "hull": len(spatial.ConvexHull([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5]]).vertices),
        "gamma": float(special.gamma(5)),
        "slope": round(float(LinearRegression().fit(x.reshape(-1, 1), 2 * x).coef_[0]), 9),
        "clusters": len(set(KMeans(2, n_init=3, random_state=1).fit(points).labels_)),
        "one job": forest(1),
        "two jobs": forest(2),
        "scores": len(scores),
        "threads": float(scores.min()),
    }
