package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;

/**
 * Smooths pictures while their edges stay, so that a protective perturbation is lost: a picture near the given one with a small total
 * variation, channel by channel, with pixels from 0 to 255.
 *
 * @param objective masked, as published by CopyrightMeter (2024), or rof, the model that it cites
 * @param imitation how it is judged
 */
@Named("total-variation")
public record TotalVariation(Objective objective, Imitation imitation) implements Purification {
    private static final double GUARD = 1e-6;

    /** What is minimised. */
    public sealed interface Objective {
        /** The plane of a channel without its noise. */
        double[] minimum(double[] plane, int width, int height, Keyed key);
    }

    /**
     * √(Σ X (z − x)²) + λ (Σ ‖z_{i+1,·} − z_{i,·}‖₂ + Σ ‖z_{·,j+1} − z_{·,j}‖₂), with a random mask X of pixels that count (Guo et al.
     * 2018). The variation is that of whole rows and columns, not of pixels. Minimised by L-BFGS from z = x. Cost: iterations · pixels.
     *
     * @param keep probability that a pixel counts
     * @param weight λ
     * @param iterations of L-BFGS
     */
    @Named("masked")
    public record Masked(double keep, double weight, int iterations) implements Objective {
        public Masked {
            Check.require(keep >= 0 && keep <= 1, "keep", keep, "0 to 1");
            Check.require(weight >= 0 && weight <= 1e6, "weight", weight, "0 to 1e6");
            Check.require(iterations >= 1, "iterations", iterations, "at least 1");
        }

        /** A mask of 0.3, λ of 0.5 and 10 iterations, as published. */
        public Masked() {
            this(0.3, 0.5, 10);
        }

        @Override
        public double[] minimum(double[] plane, int width, int height, Keyed key) {
            boolean[] counts = new boolean[plane.length];
            for (int i = 0; i < plane.length; i++) {
                counts[i] = Keyed.unit(key.at(i)) < keep;
            }
            return LimitedMemoryBfgs.minimum(
                    (z, gradient) -> value(z, plane, counts, width, height, gradient), plane, iterations);
        }

        /** The objective at z and its gradient; a norm near 0 counts with the gradient it has at 1e-6. */
        double value(double[] z, double[] plane, boolean[] counts, int width, int height, double[] gradient) {
            double near = 0;
            for (int i = 0; i < z.length; i++) {
                gradient[i] = counts[i] ? z[i] - plane[i] : 0;
                near += gradient[i] * gradient[i];
            }
            near = Math.sqrt(near);
            for (int i = 0; i < z.length; i++) {
                gradient[i] /= Math.max(near, GUARD);
            }
            return near
                    + weight * variation(z, width, height, true, gradient)
                    + weight * variation(z, width, height, false, gradient);
        }

        private double variation(double[] z, int width, int height, boolean rows, double[] gradient) {
            int lines = rows ? height : width;
            int length = rows ? width : height;
            int next = rows ? width : 1;
            int along = rows ? 1 : width;
            double sum = 0;
            for (int line = 0; line + 1 < lines; line++) {
                double norm = 0;
                for (int k = 0; k < length; k++) {
                    int at = line * next + k * along;
                    double apart = z[at + next] - z[at];
                    norm += apart * apart;
                }
                norm = Math.sqrt(norm);
                sum += norm;
                for (int k = 0; k < length; k++) {
                    int at = line * next + k * along;
                    double share = weight * (z[at + next] - z[at]) / Math.max(norm, GUARD);
                    gradient[at + next] += share;
                    gradient[at] -= share;
                }
            }
            return sum;
        }
    }

    /**
     * ½ ‖z − x‖² + λ TV(z) with the variation of pixels (Rudin, Osher and Fatemi 1992), by the dual projection of Chambolle (2004):
     * p ← (p + τ ∇(div p − x/λ)) / (1 + τ |∇(div p − x/λ)|), z = x − λ div p. Cost: iterations · pixels.
     *
     * @param weight λ, in levels
     * @param iterations of the projection
     * @param step τ; proven to 1/8, and 1/4 works
     */
    @Named("rof")
    public record Rof(double weight, int iterations, double step) implements Objective {
        public Rof {
            Check.require(weight >= 0 && weight <= 1e6, "weight", weight, "0 to 1e6");
            Check.require(iterations >= 1, "iterations", iterations, "at least 1");
            Check.require(step > 0 && step <= 0.25, "step", step, "above 0, at most 1/4");
        }

        /** λ of 8 levels, 100 iterations with τ = 1/8. */
        public Rof() {
            this(8, 100, 0.125);
        }

        @Override
        public double[] minimum(double[] plane, int width, int height, Keyed key) {
            if (weight == 0) {
                return plane;
            }
            double[] right = new double[plane.length];
            double[] down = new double[plane.length];
            double[] inner = new double[plane.length];
            for (int n = 0; n < iterations; n++) {
                divergence(right, down, width, height, inner);
                for (int i = 0; i < inner.length; i++) {
                    inner[i] -= plane[i] / weight;
                }
                for (int i = 0; i < inner.length; i++) {
                    double across = i % width + 1 < width ? inner[i + 1] - inner[i] : 0;
                    double below = i + width < inner.length ? inner[i + width] - inner[i] : 0;
                    double shrunk = 1 + step * Math.hypot(across, below);
                    right[i] = (right[i] + step * across) / shrunk;
                    down[i] = (down[i] + step * below) / shrunk;
                }
            }
            divergence(right, down, width, height, inner);
            double[] z = plane.clone();
            for (int i = 0; i < z.length; i++) {
                z[i] -= weight * inner[i];
            }
            return z;
        }

        private static void divergence(double[] right, double[] down, int width, int height, double[] into) {
            for (int i = 0; i < into.length; i++) {
                int x = i % width;
                int y = i / width;
                into[i] = (x + 1 < width ? right[i] : 0)
                        - (x > 0 ? right[i - 1] : 0)
                        + (y + 1 < height ? down[i] : 0)
                        - (y > 0 ? down[i - width] : 0);
            }
        }
    }

    /** The published objective. */
    public TotalVariation() {
        this(new Masked(), new Imitation());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        Keyed key = env.random("total-variation");
        List<Bitmap> smooth = new ArrayList<>();
        for (int n = 0; n < pictures.size(); n++) {
            Levels levels = Levels.of(pictures.get(n));
            double[][] planes = new double[3][];
            for (int c = 0; c < 3; c++) {
                planes[c] = objective.minimum(
                        levels.planes()[c],
                        levels.width(),
                        levels.height(),
                        key.of(n).of(c));
            }
            smooth.add(new Levels(levels.width(), levels.height(), planes).bitmap());
        }
        return smooth;
    }
}
