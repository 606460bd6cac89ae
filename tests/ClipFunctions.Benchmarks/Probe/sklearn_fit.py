"""Fits scikit-learn's LogisticRegression as openai/CLIP's README does: python3 sklearn_fit.py FOLDER C FTOL

FTOL is the relative decrease of the objective at which SciPy's L-BFGS-B ends, '-' for what scikit-learn leaves it at (2.2e-9): scikit-learn's own
tol bounds the gradient and is not what ends these fits. Prints seconds, iterations, evaluations and peak memory in kB.
"""
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
import sklearn.linear_model._logistic as logistic

warnings.filterwarnings("ignore")  # that it did not converge shows in the iterations
folder, c, ftol = sys.argv[1], float(sys.argv[2]), sys.argv[3]
evaluations = 0
minimize = logistic.optimize.minimize


def counted(*args, options, **others):
    global evaluations
    if ftol != "-":
        options = dict(options, ftol=float(ftol), gtol=0, maxfun=10**6)
    result = minimize(*args, options=options, **others)
    evaluations += result.nfev
    return result


logistic.optimize.minimize = counted
features, labels = np.load(f"{folder}/features.npy"), np.load(f"{folder}/labels.npy")
start = time.perf_counter()
classifier = LogisticRegression(random_state=0, C=c, max_iter=1000).fit(features, labels)
seconds = time.perf_counter() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(seconds, int(classifier.n_iter_.max()), evaluations, peak)
np.savez(f"{folder}/sklearn.npz", coef_=classifier.coef_, intercept_=classifier.intercept_, classes_=classifier.classes_)
