package org.lethe.video.model;

import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/** What a generator of clips predicts, and how clips are made of noise with it. Time goes from 0, the clip, to 1, the noise. */
public sealed interface Prediction {
    /** The share of the clip at a time. */
    double signal(double time);

    /** The share of the noise at a time. */
    double noise(double time);

    /** What is to be predicted, of clean clips and their noise. */
    Tensor target(Tensor clean, Tensor noise, float[] times);

    /** A time for training, from a key. */
    double drawn(Keyed key, int at);

    /**
     * What is predicted, of noisy clips and the clean ones that a network takes them to come from: the target without its noise, which is what is left.
     *
     * <p>A token of a small network has no more numbers than its patch has values, so it cannot hand on the noise and know the clip as well; the clean
     * clip has far less to say (Li and He 2025). Times below {@value #EARLIEST} count as that, where little noise would be divided by nearly nothing.
     */
    default Tensor predicted(Tensor noisy, Tensor clean, float[] times) {
        float[] shares = new float[times.length];
        float[] inverse = new float[times.length];
        for (int n = 0; n < times.length; n++) {
            double time = Math.max(EARLIEST, times[n]);
            shares[n] = (float) share(time);
            inverse[n] = (float) (1 / noise(time));
        }
        return noisy.mul(Tensors.of(shares, times.length, 1, 1, 1, 1))
                .sub(clean)
                .mul(Tensors.of(inverse, times.length, 1, 1, 1, 1));
    }

    /** The earliest time at which the noise of a clip is told from it. */
    double EARLIEST = 0.05;

    /** s of the prediction (s x_t − x₀) / noise. */
    double share(double time);

    /** Clips from noise. */
    Tensor made(Tensor noise, Field field);

    /** The prediction for clips at one time. */
    interface Field {
        /** Of noisy clips. */
        Tensor at(Tensor noisy, double time);
    }

    /** Clips with their noise, each at its own time. */
    default Tensor noised(Tensor clean, Tensor noise, float[] times) {
        return clean.mul(each(times, true)).add(noise.mul(each(times, false)));
    }

    /** A factor for each clip, {@code [clips, 1, 1, 1, 1]}. */
    private Tensor each(float[] times, boolean signal) {
        float[] factors = new float[times.length];
        IntStream.range(0, times.length)
                .forEach(n -> factors[n] = (float) (signal ? signal(times[n]) : noise(times[n])));
        return Tensors.of(factors, times.length, 1, 1, 1, 1);
    }

    /**
     * Rectified flow (Liu et al. 2022): x_t = (1 − t) x₀ + t ε, predicted is ε − x₀. Times for training are logistic of a normal draw, then shifted.
     *
     * @param steps of the sampler
     * @param heun whether clips are made by Heun's rule, which calls the network twice a step but the last; otherwise by Euler's
     * @param shift s of all times, in training and in the sampler, which become s t / (1 + (s − 1) t): above 1, more of them are noisy. Motion is
     *     decided where there is so much noise that pixels do not give it away, and the scores of motion can only be learned there
     */
    @Named("rectified-flow")
    record RectifiedFlow(int steps, boolean heun, double shift) implements Prediction {
        public RectifiedFlow {
            Check.require(steps >= 1 && steps <= 1000, "steps", steps, "1 to 1,000");
            Check.require(shift >= 0.01 && shift <= 100, "shift", shift, "0.01 to 100");
        }

        /** Ten steps of Heun's rule with a shift of 4. */
        public RectifiedFlow() {
            this(10, true, 4);
        }

        /** So many steps of Heun's rule at even times. */
        public RectifiedFlow(int steps) {
            this(steps, true, 1);
        }

        @Override
        public double signal(double time) {
            return 1 - time;
        }

        @Override
        public double noise(double time) {
            return time;
        }

        @Override
        public Tensor target(Tensor clean, Tensor noise, float[] times) {
            return noise.sub(clean);
        }

        @Override
        public double share(double time) {
            return 1;
        }

        @Override
        public double drawn(Keyed key, int at) {
            return shifted(1 / (1 + StrictMath.exp(-Keyed.normal(key.at(at)))));
        }

        @Override
        public Tensor made(Tensor noise, Field field) {
            Tensor x = noise;
            for (int n = 0; n < steps; n++) {
                double now = shifted(1 - (double) n / steps);
                double next = shifted(1 - (n + 1.0) / steps);
                Tensor from = x;
                x = Tensors.within(() -> {
                    Tensor speed = field.at(from, now);
                    Tensor guess = from.add(speed.mul(new Scalar(next - now)));
                    if (next == 0 || !heun) {
                        return guess;
                    }
                    Tensor mean = speed.add(field.at(guess, next)).mul(new Scalar(0.5));
                    return from.add(mean.mul(new Scalar(next - now)));
                });
            }
            return x;
        }

        private double shifted(double even) {
            return shift * even / (1 + (shift - 1) * even);
        }
    }

    /**
     * Prediction of v = α ε − σ x₀ (Salimans and Ho 2022) with α = cos(πt/2) and σ = sin(πt/2), so that no signal is left at the end of
     * time. Clips are made by DDIM.
     *
     * @param steps of the sampler
     */
    @Named("v-prediction")
    record V(int steps) implements Prediction {
        public V {
            Check.require(steps >= 1 && steps <= 1000, "steps", steps, "1 to 1,000");
        }

        /** Fifty steps. */
        public V() {
            this(50);
        }

        @Override
        public double signal(double time) {
            return StrictMath.cos(Math.PI / 2 * time);
        }

        @Override
        public double noise(double time) {
            return StrictMath.sin(Math.PI / 2 * time);
        }

        @Override
        public Tensor target(Tensor clean, Tensor noise, float[] times) {
            return noised(noise, clean.neg(), times);
        }

        @Override
        public double share(double time) {
            return signal(time);
        }

        @Override
        public double drawn(Keyed key, int at) {
            return Keyed.unit(key.at(at));
        }

        @Override
        public Tensor made(Tensor noise, Field field) {
            Tensor x = noise;
            for (int n = 0; n < steps; n++) {
                double now = 1 - (double) n / steps;
                double next = 1 - (n + 1.0) / steps;
                Tensor from = x;
                x = Tensors.within(() -> {
                    Tensor v = field.at(from, now);
                    Tensor clean = from.mul(new Scalar(signal(now))).sub(v.mul(new Scalar(noise(now))));
                    Tensor noisy = from.mul(new Scalar(noise(now))).add(v.mul(new Scalar(signal(now))));
                    return clean.mul(new Scalar(signal(next))).add(noisy.mul(new Scalar(noise(next))));
                });
            }
            return x;
        }
    }
}
