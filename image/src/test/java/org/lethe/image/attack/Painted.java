package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.Gaussian;
import org.lethe.image.model.GaussianWeights;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

/** Made-up pictures and galleries. */
final class Painted {
    static final Env ENV = Env.seeded(7);

    private Painted() {}

    /** Random levels. */
    static Bitmap noise(long seed, int width, int height) {
        Keyed key = Keyed.seed(seed);
        byte[] bytes = new byte[3 * width * height];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Keyed.below(key.at(i), 256);
        }
        return Bitmap.of(bytes, width, height);
    }

    /** Waves of different lengths and directions, as smooth as photographs. */
    static Bitmap smooth(long seed, int width, int height) {
        Keyed key = Keyed.seed(seed);
        double[][] planes = new double[3][width * height];
        for (int c = 0; c < 3; c++) {
            for (int wave = 0; wave < 4; wave++) {
                Keyed own = key.of(c).of(wave);
                double across = (Keyed.unit(own.at(0)) - 0.5) * 0.5;
                double down = (Keyed.unit(own.at(1)) - 0.5) * 0.5;
                double phase = 7 * Keyed.unit(own.at(2));
                for (int i = 0; i < width * height; i++) {
                    planes[c][i] += 30 * Math.sin(across * (i % width) + down * (i / width) + phase) + 32;
                }
            }
        }
        return new Levels(width, height, planes).bitmap();
    }

    static Bitmap constant(int red, int green, int blue, int width, int height) {
        byte[] bytes = new byte[3 * width * height];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) new int[] {red, green, blue}[i % 3];
        }
        return Bitmap.of(bytes, width, height);
    }

    /** The largest difference in levels. */
    static int largest(Bitmap one, Bitmap other) {
        byte[] a = one.bytes();
        byte[] b = other.bytes();
        return IntStream.range(0, a.length)
                .map(i -> Math.abs((a[i] & 255) - (b[i] & 255)))
                .max()
                .orElse(0);
    }

    /** The attack on one picture, without tools. */
    static Bitmap attacked(PictureAttack attack, Bitmap picture) {
        return attack.attack(List.of(picture), none(), ENV).getFirst();
    }

    /** Tools of an attack that uses none. */
    static Tools none() {
        return new Tools(gaussian(1, 1));
    }

    /** An exact model of pictures around grey, in the current scope. */
    static Diffusion gaussian(int height, int width) {
        Devices.ready(Device.CPU);
        return new GaussianWeights(Map.of("", new float[3 * height * width]), height, width, 0.5).open(Device.CPU);
    }

    /** Styles that are normal around their smooth mean picture; "apart" is apart. */
    static Gallery gallery(int side, int each) {
        List<Work> works = new ArrayList<>();
        for (String style : List.of("apart", "bold", "calm")) {
            Levels mean = Levels.of(smooth(style.hashCode(), side, side));
            for (Work.Part part : Work.Part.values()) {
                for (int n = 0; n < each; n++) {
                    Keyed key = Keyed.seed(3).of(style + part).of(n);
                    Bitmap picture = mean.map(plane -> {
                                double[] drawn = plane.clone();
                                for (int i = 0; i < drawn.length; i++) {
                                    drawn[i] += 12 * Keyed.normal(key.of(i % 3).at(i));
                                }
                                return drawn;
                            })
                            .bitmap();
                    works.add(new Work(style + part + n, picture, "thing " + n, style, "", part));
                }
            }
        }
        return new Gallery("painted", works, "apart");
    }

    static Finding finding(List<Finding> findings, String name) {
        return findings.stream()
                .filter(f -> f.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is absent from "
                        + findings.stream().map(Finding::name).toList()));
    }

    /** A model of a gallery. */
    static ImageModel model(Gallery gallery) {
        return new Gaussian(0.2).train(gallery, ENV);
    }
}
