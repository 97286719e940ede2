package org.lethe.video.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;

/**
 * Clips of made-up worlds whose motion is known: a camera pans, zooms and rolls over a surface, and one to three bodies move on it.
 *
 * <p>Both intensities are drawn independently and uniformly from 0 to 3 pixels a frame of a screen of 32, so that no single number can tell
 * both. The surfaces of clips for testing are others than those for training. Flicker and noise change pixels without motion.
 *
 * @param train clips to learn from
 * @param test clips held out
 * @param size of the screen in pixels, both ways
 * @param frames of each clip
 * @param textures drawn by rules, the photographs of the folder video/textures, or both
 * @param labelNoise standard deviation that is added to the intensities of clips for training, as a tracker of points would have; 0 for none
 * @param seed of everything
 */
@Named("planted-clips")
public record PlantedClips(
        int train, int test, int size, int frames, Texture.Kind textures, double labelNoise, long seed)
        implements DataSource<MotionClips> {
    private static final int DRAWN = 24;
    private static final double MOST = 3;

    public PlantedClips {
        Check.require(train >= 2 && train <= 100_000, "train", train, "2 to 100,000");
        Check.require(test >= 2 && test <= 100_000, "test", test, "2 to 100,000");
        Check.require(size >= 16 && size <= 128, "size", size, "16 to 128");
        Check.require(frames >= 4 && frames <= 64, "frames", frames, "4 to 64");
        Check.require(labelNoise >= 0 && labelNoise <= 3, "labelNoise", labelNoise, "0 to 3");
    }

    /** 3,000 clips of 8 × 32 × 32 to learn from, 600 held out, on drawn surfaces. */
    public PlantedClips() {
        this(3000, 600, 32, 8, Texture.Kind.DRAWN, 0, 1);
    }

    @Override
    public MotionClips load(DataFolders folders) {
        return new MotionClips(part(folders, false), part(folders, true));
    }

    private List<Labelled> part(DataFolders folders, boolean held) {
        Keyed key = Keyed.seed(seed).of(held ? "test" : "train");
        List<Labelled> part = new ArrayList<>();
        List<Texture> surfaces = surfaces(folders, held);
        for (int n = 0; n < (held ? test : train); n++) {
            Scene scene = scene(surfaces, key.of(n));
            double object = scene.objectIntensity();
            double camera = scene.cameraIntensity();
            if (!held && labelNoise > 0) {
                object = Math.max(
                        0, object + labelNoise * Keyed.normal(key.of("object").at(n)));
                camera = Math.max(
                        0, camera + labelNoise * Keyed.normal(key.of("camera").at(n)));
            }
            part.add(new Labelled(scene.render(), object, camera));
        }
        return part;
    }

    private List<Texture> surfaces(DataFolders folders, boolean held) {
        return switch (textures) {
            case DRAWN -> Texture.drawn(Keyed.seed(seed).of(held ? "test surfaces" : "surfaces"), DRAWN, held);
            case PHOTOGRAPHS -> Texture.photographs(folders, held);
            case BOTH -> {
                List<Texture> photographs = Texture.photographs(folders, held);
                List<Texture> all = new ArrayList<>(
                        Texture.drawn(Keyed.seed(seed).of(held ? "test surfaces" : "surfaces"), DRAWN, held));
                for (int n = 0; n < DRAWN; n++) {
                    all.add(photographs.get(n % photographs.size()));
                }
                yield all;
            }
        };
    }

    private Scene scene(List<Texture> surfaces, Keyed key) {
        return Scene.drawn(
                surfaces.get(Keyed.below(key.of("surface").at(0), surfaces.size())),
                MOST * Keyed.unit(key.of("object").at(0)),
                MOST * Keyed.unit(key.of("camera").at(0)),
                size,
                frames,
                key);
    }

    /** The scenes of the held-out clips, with their exact flow. */
    public List<Scene> scenes(DataFolders folders) {
        List<Texture> surfaces = surfaces(folders, true);
        List<Scene> scenes = new ArrayList<>();
        for (int n = 0; n < test; n++) {
            scenes.add(scene(surfaces, Keyed.seed(seed).of("test").of(n)));
        }
        return scenes;
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return textures == Texture.Kind.DRAWN ? List.of() : Texture.files(folders);
    }
}
