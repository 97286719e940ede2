package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.image.Bitmap;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;

/**
 * Tree-Ring watermarks (Wen et al. 2023): a key in the Fourier spectrum of the noise from which a picture is generated. It is looked
 * for in the noise that DDIM inversion finds, without a prompt and without guidance.
 *
 * <p>With y the coefficients that were found and k the key, real and imaginary parts,
 *
 * <pre>η = Σ (y − k)²/σ²,  λ = Σ k²/σ²,  p = P[χ²(n, λ) ≤ η],</pre>
 *
 * a small p meaning marked. The calibrated form has a key with conjugate symmetry in a disc around the constant coefficient, which it
 * leaves alone, tests one coefficient of each conjugate pair with the known σ² = height · width / 2, and gives the key the energy of
 * noise; p is uniform on noise. The reference form is as published: a disc that is one row off, a key half of which the real part of
 * the inverse transform drops, and σ² from the same coefficients; its p is not uniform.
 *
 * <p>Cost: one run to paint; (1 + refinements) times a run to detect. The published detector takes 50 steps without refinement.
 *
 * @param form calibrated or reference
 * @param pattern ring, of one value a ring, which turning by right angles leaves; random; or zeros
 * @param channel of the latent, from 0; published scripts take 3
 * @param radius of the disc in frequencies; 0 for 10, or a quarter of the side of latents below 40
 * @param steps of sampling and of inversion
 * @param guidance of sampling
 * @param refinements of each step of the inversion towards the exact one
 */
@Named("tree-ring")
public record TreeRing(Form form, Pattern pattern, int channel, int radius, int steps, double guidance, int refinements)
        implements Generative {
    /** Which version of key and test. */
    public enum Form {
        /** A test whose p is uniform without a mark. */
        CALIBRATED,
        /** As published. */
        REFERENCE
    }

    /** What the key is. */
    public enum Pattern {
        /** One value for each ring. */
        RING,
        /** A value of its own for each place. */
        RANDOM,
        /** Nothing. */
        ZEROS
    }

    public TreeRing {
        Check.require(channel >= 0, "channel", channel, "at least 0");
        Check.require(radius >= 0, "radius", radius, "at least 0");
        Check.require(refinements >= 0 && refinements <= 30, "refinements", refinements, "0 to 30");
        new Sampler(steps, guidance);
    }

    /** Calibrated, rings in the first channel, 25 steps with a guidance of 3, one refinement. */
    public TreeRing() {
        this(Form.CALIBRATED, Pattern.RING, 0, 0, 25, 3, 1);
    }

    @Override
    public Sampler sampler() {
        return new Sampler(steps, guidance);
    }

    @Override
    public Mark key(Diffusion model, int height, int width, Env env) {
        return key("tree-ring", model, height, width, env);
    }

    /** The key of these settings for a method that marks by them. */
    Mark key(String method, Diffusion model, int height, int width, Env env) {
        long[] latent = model.latent(height, width);
        Check.require(
                channel < latent[0], "channel", channel, "0 to " + (latent[0] - 1) + ", the channels of a latent");
        int rows = (int) latent[1];
        int columns = (int) latent[2];
        int chosen = radius > 0 ? radius : Math.min(10, Math.min(rows, columns) / 4);
        FourierKey key =
                FourierKey.drawn(form, pattern, channel, rows, columns, chosen, env.random("key of " + method));
        return new Mark(
                method,
                Map.of(
                        "form", form.name().toLowerCase(Locale.ROOT),
                        "channel", String.valueOf(channel),
                        "radius", String.valueOf(chosen),
                        "steps", String.valueOf(steps),
                        "refinements", String.valueOf(refinements),
                        "height", String.valueOf(height),
                        "width", String.valueOf(width),
                        "latent", rows + " " + columns),
                Map.of("key", Safetensors.Tensor.of(key.values(), key.values().length)));
    }

    /** The key of a mark. */
    static FourierKey key(Mark mark) {
        MarkWords words = new MarkWords(mark);
        String[] latent = words.of("latent").split(" ", -1);
        Check.require(latent.length == 2, "latent of the mark", words.of("latent"), "height and width");
        return new FourierKey(
                Form.valueOf(words.of("form").toUpperCase(Locale.ROOT)),
                words.whole("channel"),
                Integer.parseInt(latent[0]),
                Integer.parseInt(latent[1]),
                words.whole("radius"),
                words.floats("key"));
    }

    @Override
    public Start start(Diffusion model, Mark mark, String name, int height, int width, Env env) {
        Tensor noise = Sampler.noise(model, env.random("marked noise").of(name), 1, height, width);
        return new Start(mark, key(mark).inject(noise));
    }

    /** A detector of the key in the noise that inversion finds. */
    static Detector detector(Mark mark, Diffusion model) {
        MarkWords words = new MarkWords(mark);
        FourierKey key = key(mark);
        Sampler sampler = new Sampler(words.whole("steps"), 1);
        int refinements = words.whole("refinements");
        return (List<Bitmap> pictures) ->
                Sized.each(pictures, words.whole("height"), words.whole("width"), model.device(), some -> {
                    Tensor noise = sampler.inverted(model, model.encode(some), refinements);
                    List<Detector.Detection> found = new ArrayList<>();
                    for (FourierKey.Reading reading : key.read(noise)) {
                        found.add(new Detector.Detection(
                                reading.score(), OptionalDouble.of(reading.pValue()), OptionalDouble.empty()));
                    }
                    return found;
                });
    }
}
