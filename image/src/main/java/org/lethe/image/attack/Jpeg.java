package org.lethe.image.attack;

import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.image.Bitmap;
import org.lethe.torch.Tensors;

/**
 * Encodes and decodes pictures as JPEG so that a protective perturbation is lost (Wallace 1991): luma and chroma of BT.601, blocks of
 * 8 × 8, their cosine transform divided by a table of steps and rounded. The tables are those of Annex K, scaled by the rule of the
 * Independent JPEG Group. Losses alone are computed, with the transform in double precision; the lossless coding of a file changes nothing.
 *
 * <p>CopyrightMeter (2024) uses quality 75. Sizes that are no multiple of a block are continued by their edge. Cost: microseconds a
 * picture.
 *
 * @param quality 1 to 100; 10 to 95 is the usual range
 * @param chroma full, or halved in both directions as files usually have it
 * @param imitation how it is judged
 */
@Named("jpeg")
public record Jpeg(int quality, Chroma chroma, Imitation imitation) implements Purification {
    private static final int[] LUMA = {
        16, 11, 10, 16, 24, 40, 51, 61, //
        12, 12, 14, 19, 26, 58, 60, 55, //
        14, 13, 16, 24, 40, 57, 69, 56, //
        14, 17, 22, 29, 51, 87, 80, 62, //
        18, 22, 37, 56, 68, 109, 103, 77, //
        24, 35, 55, 64, 81, 104, 113, 92, //
        49, 64, 78, 87, 103, 121, 120, 101, //
        72, 92, 95, 98, 112, 100, 103, 99
    };
    private static final int[] COLOUR = {
        17, 18, 24, 47, 99, 99, 99, 99, //
        18, 21, 26, 66, 99, 99, 99, 99, //
        24, 26, 56, 99, 99, 99, 99, 99, //
        47, 66, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99
    };

    /** Resolution of the two channels of colour. */
    public enum Chroma {
        /** That of the luma, 4:4:4. */
        FULL,
        /** Means of 2 × 2 pixels, 4:2:0; between them the decoder interpolates. */
        HALVED
    }

    public Jpeg {
        Check.require(quality >= 1 && quality <= 100, "quality", quality, "1 to 100");
    }

    /** Quality 75 with halved chroma. */
    public Jpeg() {
        this(75, Chroma.HALVED, new Imitation());
    }

    @Override
    public List<Bitmap> attack(List<Bitmap> pictures, Tools tools, Env env) {
        return pictures.stream().map(this::coded).toList();
    }

    private Bitmap coded(Bitmap picture) {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor one = picture.tensor().unsqueeze(0).to(ScalarType.Double);
            return Levels.of(
                            Bitmap.of(coded(one, quality, chroma, Rounding.HARD).to(ScalarType.Float)))
                    .bitmap();
        }
    }

    /**
     * The same as a differentiable map, for methods that train against JPEG: v is rounded to r + (v − r)³ with r = round(v) (Shin and
     * Song 2017), and nothing is brought within 0 and 1.
     *
     * @param pictures within 0 and 1, {@code [rows, 3, height, width]}
     */
    public static Tensor differentiable(Tensor pictures, int quality, Chroma chroma) {
        return coded(pictures, quality, chroma, Rounding.SOFT);
    }

    /**
     * What becomes of numbers between the steps.
     *
     * @param coefficients in units of their table
     * @param samples of a channel from 0 to 255, before the transform and after it
     */
    private record Rounding(UnaryOperator<Tensor> coefficients, UnaryOperator<Tensor> samples) {
        /** To whole numbers, as files hold them. */
        static final Rounding HARD = new Rounding(
                Tensor::round,
                v -> v.round().clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional(new Scalar(255))));

        /** By a cube near whole numbers; samples stay. */
        static final Rounding SOFT = new Rounding(
                v -> {
                    Tensor whole = v.detach().round();
                    Tensor rest = v.sub(whole);
                    return whole.add(rest.mul(rest).mul(rest));
                },
                v -> v);
    }

    /** Scaled steps of a quality, row by row. */
    static int[] table(boolean luma, int quality) {
        int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        int[] table = (luma ? LUMA : COLOUR).clone();
        for (int i = 0; i < table.length; i++) {
            table[i] = Math.clamp((table[i] * scale + 50) / 100, 1, 255);
        }
        return table;
    }

    /** The orthonormal cosine transform of 8 numbers, {@code [8, 8]}. */
    static double[] transform() {
        double[] transform = new double[64];
        for (int k = 0; k < 8; k++) {
            for (int n = 0; n < 8; n++) {
                transform[8 * k + n] =
                        Math.sqrt(k == 0 ? 0.125 : 0.25) * Math.cos(Math.PI * ((2 * n + 1) * k % 32) / 16);
            }
        }
        return transform;
    }

    private static Tensor coded(Tensor pictures, int quality, Chroma chroma, Rounding rounding) {
        return Tensors.within(() -> {
            long height = pictures.size(2);
            long width = pictures.size(3);
            long unit = chroma == Chroma.HALVED ? 16 : 8;
            Tensor whole = torch.replication_pad2d(
                            pictures, 0, Math.floorMod(-width, unit), 0, Math.floorMod(-height, unit))
                    .mul(new Scalar(255));
            Tensor red = whole.narrow(1, 0, 1);
            Tensor green = whole.narrow(1, 1, 1);
            Tensor blue = whole.narrow(1, 2, 1);
            Tensor luma = plane(mix(0, 0.299, red, 0.587, green, 0.114, blue), true, quality, rounding);
            Tensor cb = colour(mix(128, -0.168736, red, -0.331264, green, 0.5, blue), quality, chroma, rounding);
            Tensor cr = colour(mix(128, 0.5, red, -0.418688, green, -0.081312, blue), quality, chroma, rounding);
            Tensor back = torch.cat(
                    new TensorVector(
                            luma.add(cr, new Scalar(1.402)),
                            luma.add(cb, new Scalar(-0.344136)).add(cr, new Scalar(-0.714136)),
                            luma.add(cb, new Scalar(1.772))),
                    1);
            return back.narrow(2, 0, height).narrow(3, 0, width).div(new Scalar(255));
        });
    }

    private static Tensor mix(double level, double a, Tensor x, double b, Tensor y, double c, Tensor z) {
        return x.mul(new Scalar(a)).add(y, new Scalar(b)).add(z, new Scalar(c)).add(new Scalar(level));
    }

    /** A channel of colour around 0 at full resolution. */
    private static Tensor colour(Tensor samples, int quality, Chroma chroma, Rounding rounding) {
        Scalar middle = new Scalar(128);
        if (chroma == Chroma.FULL) {
            return plane(samples, false, quality, rounding).sub(middle);
        }
        Tensor small = plane(torch.avg_pool2d(samples, 2, 2), false, quality, rounding);
        return torch.upsample_bilinear2d(small, new long[] {samples.size(2), samples.size(3)}, false)
                .sub(middle);
    }

    /** A channel from 0 to 255 after its blocks were coded. */
    private static Tensor plane(Tensor samples, boolean luma, int quality, Rounding rounding) {
        Scalar middle = new Scalar(128);
        Tensor coded = blocks(rounding.samples.apply(samples).sub(middle), luma, quality, rounding);
        return rounding.samples.apply(coded.add(middle));
    }

    /** A plane around 0 after its blocks were transformed, rounded and transformed back, {@code [rows, 1, height, width]}. */
    private static Tensor blocks(Tensor plane, boolean luma, int quality, Rounding rounding) {
        long rows = plane.size(0);
        long down = plane.size(2) / 8;
        long across = plane.size(3) / 8;
        Tensor transform = like(plane, transform());
        int[] steps = table(luma, quality);
        double[] divisors = new double[64];
        for (int i = 0; i < 64; i++) {
            divisors[i] = steps[i];
        }
        Tensor table = like(plane, divisors);
        Tensor blocks = plane.reshape(rows, down, 8, across, 8).permute(0, 1, 3, 2, 4); // [rows, down, across, 8, 8]
        Tensor said = torch.matmul(torch.matmul(transform, blocks), transform.t());
        Tensor kept = rounding.coefficients.apply(said.div(table)).mul(table);
        return torch.matmul(torch.matmul(transform.t(), kept), transform)
                .permute(0, 1, 3, 2, 4)
                .reshape(rows, 1, down * 8, across * 8);
    }

    private static Tensor like(Tensor plane, double[] matrix) {
        return Tensor.create(matrix, 8, 8).to(plane.device(), plane.scalar_type());
    }
}
