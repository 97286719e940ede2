package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

/**
 * A key in the Fourier spectrum of one channel of a latent: places within a disc, and the coefficients that are put there.
 *
 * <p>With M the rows cos(ω·r) and −sin(ω·r) of every place, M z is the real and the imaginary parts of its coefficients, and
 * z + w/(height · width) Mᵀ (key − M z) is the latent with the key. The calibrated form has one place of each conjugate pair, w = 2,
 * and the latent then has the key exactly. The reference form takes every place of a disc that is one row off, w = 1, as the inverse
 * transform of it whose imaginary part is dropped.
 *
 * @param form calibrated or reference
 * @param channel of the latent
 * @param height of the latent
 * @param width of the latent
 * @param radius of the disc
 * @param values real parts of all places, then imaginary parts
 */
record FourierKey(TreeRing.Form form, int channel, int height, int width, int radius, float[] values) {
    private record Place(int kx, int ky, double distance) {}

    FourierKey {
        Check.require(
                radius >= 1 && 2 * radius < Math.min(height, width),
                "radius",
                radius,
                "at least 1 and below half the side of a latent, which is " + height + " x " + width);
        int places = places(form, height, width, radius).size();
        Check.require(values.length == 2 * places, "values of the key", values.length, 2 * places + ", two a place");
    }

    /** Number of complex coefficients that the test reads. */
    static int count(TreeRing.Form form, int height, int width, int radius) {
        return places(form, height, width, radius).size();
    }

    private static List<Place> places(TreeRing.Form form, int height, int width, int radius) {
        List<Place> places = new ArrayList<>();
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int ky = row - height / 2;
                int kx = column - width / 2;
                switch (form) {
                    case CALIBRATED -> {
                        boolean half = ky > 0 || (ky == 0 && kx > 0);
                        double distance = Math.hypot(kx, ky);
                        if (half && kx * kx + ky * ky <= radius * radius) {
                            places.add(new Place(kx, ky, distance));
                        }
                    }
                    case REFERENCE -> { // the centre of its disc is a row above that of the spectrum
                        double distance = Math.hypot(kx, ky + 1);
                        if (kx * kx + (ky + 1) * (ky + 1) <= radius * radius) {
                            places.add(new Place(kx, ky, distance));
                        }
                    }
                }
            }
        }
        return places;
    }

    /** A key drawn for a channel. */
    static FourierKey drawn(
            TreeRing.Form form, TreeRing.Pattern pattern, int channel, int height, int width, int radius, Keyed key) {
        List<Place> places = places(form, height, width, radius);
        int n = places.size();
        float[] values = new float[2 * n];
        if (pattern == TreeRing.Pattern.ZEROS) {
            return new FourierKey(form, channel, height, width, radius, values);
        }
        double[] noise = new double[height * width];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = Keyed.normal(key.of("noise").at(i));
        }
        for (int p = 0; p < n; p++) {
            Place place = places.get(p);
            int ring = Math.max(1, (int) Math.ceil(place.distance - 1e-9));
            double[] value = switch (pattern) {
                case RING ->
                    form == TreeRing.Form.REFERENCE
                            ? coefficient(noise, height, width, ring - width / 2, -height / 2)
                            : new double[] {Keyed.normal(key.of("rings").at(ring)), 0};
                case RANDOM -> coefficient(noise, height, width, place.kx, place.ky);
                case ZEROS -> new double[2];
            };
            values[p] = (float) value[0];
            values[n + p] = (float) value[1];
        }
        if (form == TreeRing.Form.CALIBRATED) { // the energy of noise, so that a latent keeps its variance
            double energy = 0;
            for (float value : values) {
                energy += value * value;
            }
            double factor = Math.sqrt((double) n * height * width / energy);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (values[i] * factor);
            }
        }
        return new FourierKey(form, channel, height, width, radius, values);
    }

    private static double[] coefficient(double[] plane, int height, int width, int kx, int ky) {
        double real = 0;
        double imaginary = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double angle = angle(kx, ky, x, y, height, width);
                real += plane[y * width + x] * Math.cos(angle);
                imaginary -= plane[y * width + x] * Math.sin(angle);
            }
        }
        return new double[] {real, imaginary};
    }

    private static double angle(int kx, int ky, int x, int y, int height, int width) {
        return 2 * Math.PI * ((double) kx * x / width + (double) ky * y / height);
    }

    /** M, {@code [values, height · width]}, in double precision. */
    Tensor map() {
        List<Place> places = places(form, height, width, radius);
        int size = height * width;
        double[] rows = new double[2 * places.size() * size];
        for (int p = 0; p < places.size(); p++) {
            Place place = places.get(p);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double angle = angle(place.kx, place.ky, x, y, height, width);
                    rows[p * size + y * width + x] = Math.cos(angle);
                    rows[(places.size() + p) * size + y * width + x] = -Math.sin(angle);
                }
            }
        }
        return Tensor.create(rows, 2L * places.size(), size);
    }

    /** Latents {@code [rows, channels, height, width]} with the key in the channel; differentiable. */
    Tensor inject(Tensor latents) {
        fits(latents);
        Tensor map = map().to(latents.device(), ScalarType.Double);
        Tensor plane = plane(latents);
        double[] wanted = new double[values.length];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = values[i];
        }
        Tensor key = Tensor.create(wanted, 1, wanted.length).to(latents.device(), ScalarType.Double);
        double weight = (form == TreeRing.Form.CALIBRATED ? 2.0 : 1.0) / (height * width);
        Tensor moved = plane.add(key.sub(plane.matmul(map.t())).matmul(map).mul(new Scalar(weight)))
                .to(latents.scalar_type())
                .reshape(latents.size(0), 1, height, width);
        long after = latents.size(1) - channel - 1;
        TensorVector parts = new TensorVector();
        if (channel > 0) {
            parts.push_back(latents.narrow(1, 0, channel));
        }
        parts.push_back(moved);
        if (after > 0) {
            parts.push_back(latents.narrow(1, channel + 1L, after));
        }
        return torch.cat(parts, 1);
    }

    private Tensor plane(Tensor latents) {
        return latents.narrow(1, channel, 1).to(ScalarType.Double).reshape(latents.size(0), (long) height * width);
    }

    private void fits(Tensor latents) {
        Check.require(
                latents.size(1) > channel && latents.size(2) == height && latents.size(3) == width,
                "latents",
                latents.size(1) + " x " + latents.size(2) + " x " + latents.size(3),
                "more than " + channel + " x " + height + " x " + width + ", as the key is for");
    }

    /**
     * What the spectrum of a latent says.
     *
     * @param distance mean of |F − key| over the places
     * @param pValue probability of one so near to the key without a mark
     * @param score how many standard deviations nearer than the mean without a mark
     */
    record Reading(double distance, double pValue, double score) {}

    /**
     * One reading for each row. With y the real and imaginary parts, η = Σ (y − key)²/σ² is non-central χ² with n degrees and
     * λ = Σ key²/σ². The calibrated form knows σ² = height · width / 2 of noise; the reference form estimates it from y.
     */
    List<Reading> read(Tensor latents) {
        fits(latents);
        Tensor found = plane(latents.detach())
                .matmul(map().to(latents.device(), ScalarType.Double).t());
        float[] all = Tensors.floats(found.to(ScalarType.Float));
        List<Reading> readings = new ArrayList<>();
        for (int row = 0; row < latents.size(0); row++) {
            readings.add(read(all, row * values.length));
        }
        return readings;
    }

    private Reading read(float[] all, int from) {
        int n = values.length;
        double variance = height * width / 2.0;
        if (form == TreeRing.Form.REFERENCE) {
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += all[from + i] / (double) n;
            }
            variance = 0;
            for (int i = 0; i < n; i++) {
                variance += (all[from + i] - mean) * (all[from + i] - mean) / (n - 1);
            }
        }
        double eta = 0;
        double lambda = 0;
        for (int i = 0; i < n; i++) {
            double apart = all[from + i] - values[i];
            eta += apart * apart / variance;
            lambda += values[i] * (double) values[i] / variance;
        }
        double distance = 0;
        for (int p = 0; p < n / 2; p++) {
            distance += Math.hypot(all[from + p] - values[p], all[from + n / 2 + p] - values[n / 2 + p]) / (n / 2.0);
        }
        return new Reading(
                distance,
                new NoncentralChiSquared(n, lambda).cumulative(eta),
                (n + lambda - eta) / Math.sqrt(2 * (n + 2 * lambda)));
    }
}
