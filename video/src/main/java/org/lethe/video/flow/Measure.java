package org.lethe.video.flow;

import org.lethe.Check;
import org.lethe.video.Clip;

/**
 * Measures of motion made by hand, which need no training.
 *
 * <p>Flow is measured on frames whose shorter side is 128 pixels, and given in pixels a frame of a screen whose shorter side is 32.
 */
public enum Measure {
    /** Mean of 1 − SSIM of neighbouring frames: one number for both motions. */
    SSIM {
        @Override
        public Score of(Clip clip) {
            double sum = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                sum += 1 - ssim(Grey.of(clip, n), Grey.of(clip, n + 1));
            }
            return both(sum / pairs(clip));
        }
    },
    /** Mean difference of neighbouring frames, from 0 to 255: one number for both motions. */
    FRAME_DIFFERENCE {
        @Override
        public Score of(Clip clip) {
            double sum = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                float[] a = clip.luma(n);
                float[] b = clip.luma(n + 1);
                for (int i = 0; i < a.length; i++) {
                    sum += Math.abs(a[i] - b[i]) / a.length;
                }
            }
            return both(sum / pairs(clip));
        }
    },
    /**
     * Mean of 1 − cosine of the features of neighbouring frames, which are histograms of eight directions of edges in 8 × 8 cells: one number for both
     * motions.
     */
    FEATURE_DIFFERENCE {
        @Override
        public Score of(Clip clip) {
            double sum = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                sum += 1 - EdgeFeatures.cosine(Grey.of(clip, n), Grey.of(clip, n + 1));
            }
            return both(sum / pairs(clip));
        }
    },
    /** Mean length of Farnebäck's flow: one number for both motions. */
    FLOW {
        @Override
        public Score of(Clip clip) {
            double sum = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                Grey from = enlarged(clip, n);
                sum += FARNEBACK.between(from, enlarged(clip, n + 1)).mean() / unit(from);
            }
            return both(sum / pairs(clip));
        }
    },
    /** Farnebäck's flow, whose fit to the motion of a camera is the camera's score and whose largest residuals are the objects'. */
    COMPENSATED_FLOW {
        @Override
        public Score of(Clip clip) {
            double object = 0;
            double camera = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                Grey from = enlarged(clip, n);
                Flow flow = FARNEBACK.between(from, enlarged(clip, n + 1));
                CameraFit fit = CameraFit.of(flow, FARNEBACK.window() / 2, SCALE * unit(from));
                object += fit.object() / unit(from);
                camera += fit.camera() / unit(from);
            }
            return new Score(object / pairs(clip), camera / pairs(clip));
        }
    },
    /** The same with a grid of 10 × 10 points that Lucas and Kanade's method follows. */
    TRACKED_POINTS {
        @Override
        public Score of(Clip clip) {
            double object = 0;
            double camera = 0;
            for (int n = 0; n + 1 < clip.frames(); n++) {
                Grey from = enlarged(clip, n);
                CameraFit fit =
                        CameraFit.of(TRACKER.grid(from, enlarged(clip, n + 1), 10, 10), from, SCALE * unit(from));
                object += fit.object() / unit(from);
                camera += fit.camera() / unit(from);
            }
            return new Score(object / pairs(clip), camera / pairs(clip));
        }
    };

    private static final int SHORT_SIDE = 128;
    private static final double SCALE = 0.3; // of the weights of residuals, pixels of a screen of 32
    private static final Farneback FARNEBACK = new Farneback(
            3, 15, 5, 7, 1.5, 1e-6); // enlarged frames are smooth: the usual floor would hide their motion
    private static final LucasKanade TRACKER = new LucasKanade();
    private static final double C1 = 0.01 * 255 * 0.01 * 255;
    private static final double C2 = 0.03 * 255 * 0.03 * 255;

    /**
     * What a measure says of a clip.
     *
     * @param object of the objects
     * @param camera of the camera
     */
    public record Score(double object, double camera) {}

    /** The score of a clip of two frames or more. */
    public abstract Score of(Clip clip);

    /** Nine numbers of a pair of frames, as {@link FlowTrees} says. */
    static double[] parts(Clip clip, int n) {
        Grey from = enlarged(clip, n);
        Flow flow = FARNEBACK.between(from, enlarged(clip, n + 1));
        double unit = unit(from);
        CameraFit fit = CameraFit.of(flow, FARNEBACK.window() / 2, SCALE * unit);
        double reach = 16 * unit; // from the middle to an edge, so that growth and turn are pixels there
        float[] a = clip.luma(n);
        float[] b = clip.luma(n + 1);
        double difference = 0;
        for (int i = 0; i < a.length; i++) {
            difference += Math.abs(a[i] - b[i]) / a.length;
        }
        return new double[] {
            Math.abs(fit.a()) / unit,
            Math.abs(fit.d()) / unit,
            Math.abs(fit.b()) * reach / unit,
            Math.abs(fit.c()) * reach / unit,
            fit.camera() / unit,
            fit.object() / unit,
            flow.mean() / unit,
            difference,
            1 - ssim(Grey.of(clip, n), Grey.of(clip, n + 1))
        };
    }

    private static Score both(double one) {
        return new Score(one, one);
    }

    private static int pairs(Clip clip) {
        Check.require(clip.frames() >= 2, "frames", clip.frames(), "at least 2, as motion lies between frames");
        return clip.frames() - 1;
    }

    private static Grey enlarged(Clip clip, int frame) {
        Grey grey = Grey.of(clip, frame);
        double factor = (double) SHORT_SIDE / Math.min(clip.width(), clip.height());
        int width = (int) Math.round(clip.width() * factor);
        int height = (int) Math.round(clip.height() * factor);
        return factor > 1
                ? grey.enlarged(width, height)
                : grey.blurred(0.5 * (1 / factor - 1)).resized(width, height);
    }

    private static double unit(Grey grey) {
        return Math.min(grey.width(), grey.height()) / 32.0;
    }

    /** Structural similarity (Wang et al. 2004) with Gaussian windows of 11 × 11 and σ = 1.5 that lie inside the picture. */
    public static double ssim(Grey a, Grey b) {
        Flow.requireSame(a, b);
        int width = a.width();
        int height = a.height();
        Check.require(width >= 11 && height >= 11, "size", width + " x " + height, "at least 11 x 11");
        double[] kernel = new double[11];
        double total = 0;
        for (int k = 0; k < 11; k++) {
            kernel[k] = StrictMath.exp(-(k - 5) * (k - 5) / (2 * 1.5 * 1.5));
            total += kernel[k];
        }
        int wide = width - 10;
        double[][] rows = new double[5][wide * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < wide; x++) {
                for (int k = 0; k < 11; k++) {
                    double p = a.values()[y * width + x + k];
                    double q = b.values()[y * width + x + k];
                    double weight = kernel[k] / total;
                    int at = y * wide + x;
                    rows[0][at] += weight * p;
                    rows[1][at] += weight * q;
                    rows[2][at] += weight * p * p;
                    rows[3][at] += weight * q * q;
                    rows[4][at] += weight * p * q;
                }
            }
        }
        double sum = 0;
        for (int y = 0; y < height - 10; y++) {
            for (int x = 0; x < wide; x++) {
                double[] m = new double[5];
                for (int k = 0; k < 11; k++) {
                    for (int n = 0; n < 5; n++) {
                        m[n] += kernel[k] / total * rows[n][(y + k) * wide + x];
                    }
                }
                double covariance = m[4] - m[0] * m[1];
                double variances = m[2] - m[0] * m[0] + m[3] - m[1] * m[1];
                sum += (2 * m[0] * m[1] + C1)
                        * (2 * covariance + C2)
                        / ((m[0] * m[0] + m[1] * m[1] + C1) * (variances + C2));
            }
        }
        return sum / ((height - 10.0) * wide);
    }
}
