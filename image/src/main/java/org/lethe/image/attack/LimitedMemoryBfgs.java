package org.lethe.image.attack;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Minimises a smooth function with the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Liu and Nocedal 1989): ten
 * pairs of steps and changes of the gradient, and a step that is halved until the value falls enough (Armijo, 1e-4).
 */
final class LimitedMemoryBfgs {
    private static final int PAIRS = 10;
    private static final double ENOUGH = 1e-4;
    private static final int HALVINGS = 40;

    private LimitedMemoryBfgs() {}

    /** A function with its gradient. */
    interface Function {
        /** The value at x; {@code gradient} is filled. */
        double at(double[] x, double[] gradient);
    }

    private record Pair(double[] step, double[] change, double rho) {}

    /** The place after so many iterations, or earlier where no step lowers the value. */
    static double[] minimum(Function function, double[] start, int iterations) {
        double[] x = start.clone();
        double[] gradient = new double[x.length];
        double value = function.at(x, gradient);
        Deque<Pair> pairs = new ArrayDeque<>();
        for (int n = 0; n < iterations; n++) {
            double[] direction = direction(gradient, pairs);
            double slope = dot(direction, gradient);
            if (!(slope < 0)) {
                return x;
            }
            double length = pairs.isEmpty() ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
            double[] next = new double[x.length];
            double[] nextGradient = new double[x.length];
            double nextValue = Double.POSITIVE_INFINITY;
            for (int halving = 0; halving < HALVINGS; halving++) {
                for (int i = 0; i < x.length; i++) {
                    next[i] = x[i] + length * direction[i];
                }
                nextValue = function.at(next, nextGradient);
                if (nextValue <= value + ENOUGH * length * slope) {
                    break;
                }
                length /= 2;
            }
            if (!(nextValue < value)) {
                return x;
            }
            double[] step = less(next, x);
            double[] change = less(nextGradient, gradient);
            double curvature = dot(step, change);
            if (curvature > 1e-12 * dot(change, change)) {
                pairs.addLast(new Pair(step, change, 1 / curvature));
                if (pairs.size() > PAIRS) {
                    pairs.removeFirst();
                }
            }
            x = next;
            gradient = nextGradient;
            value = nextValue;
        }
        return x;
    }

    private static double[] direction(double[] gradient, Deque<Pair> pairs) {
        double[] q = gradient.clone();
        Deque<Double> shares = new ArrayDeque<>();
        for (Pair pair : pairs.reversed()) {
            double share = pair.rho * dot(pair.step, q);
            shares.push(share);
            add(q, -share, pair.change);
        }
        if (!pairs.isEmpty()) {
            Pair last = pairs.getLast();
            scale(q, 1 / (last.rho * dot(last.change, last.change)));
        }
        for (Pair pair : pairs) {
            add(q, shares.pop() - pair.rho * dot(pair.change, q), pair.step);
        }
        scale(q, -1);
        return q;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] less(double[] a, double[] b) {
        double[] apart = a.clone();
        add(apart, -1, b);
        return apart;
    }

    private static void add(double[] to, double factor, double[] what) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * what[i];
        }
    }

    private static void scale(double[] all, double factor) {
        for (int i = 0; i < all.length; i++) {
            all[i] *= factor;
        }
    }
}
