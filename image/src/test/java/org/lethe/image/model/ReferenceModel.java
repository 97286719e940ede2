package org.lethe.image.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Judge;
import org.lethe.image.Pictures;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.data.EmojiStyles;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.numerics.Keyed;

/**
 * Trains one model by hand and shows what it paints: {@code ReferenceModel planted|emoji FOLDER}. Not a test. Writes the model and a
 * sheet of pictures: a row of works and a row of samples for each style.
 */
final class ReferenceModel {
    private static final int SHOWN = 8;

    private ReferenceModel() {}

    public static void main(String[] arguments) throws Exception {
        boolean emoji = arguments[0].equals("emoji");
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        Gallery gallery = emoji
                ? new EmojiStyles().load(DataFolders.usual(Optional.empty()))
                : new PlantedPictures().load(new DataFolders(List.of()));
        SmallDiffusion learner =
                emoji ? new SmallDiffusion(800, 4000, 16, 1e-3, 16, 32, 3, 64, 0.1, 0.999) : new SmallDiffusion();
        Env env = Env.seeded(1).with(new Lines());
        Path file = folder.resolve("model.safetensors");
        long begun = System.nanoTime();
        ImageModel model = arguments.length > 2 ? ImageModel.load(file) : learner.train(gallery, env);
        System.out.printf(
                "trained in %.1f s, estimate %s%n", (System.nanoTime() - begun) / 1e9, learner.estimate(gallery));
        model.save(file, Map.of("learner", learner.toString()));
        List<Bitmap> rows = new ArrayList<>();
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            System.out.printf(
                    "denoiser %,d, text %,d, autoencoder %,d parameters%n",
                    open.parameters(Diffusion.Part.DENOISER).size(),
                    open.parameters(Diffusion.Part.TEXT).size(),
                    open.parameters(Diffusion.Part.AUTOENCODER).size());
            List<Work> test = gallery.of(gallery.known().getFirst(), Work.Part.TEST);
            List<Work> train = gallery.of(gallery.known().getFirst(), Work.Part.TRAINING);
            List<String> captions = Stream.concat(
                            Gallery.some(train, SHOWN / 2, Keyed.seed(3)).stream(),
                            Gallery.some(test, SHOWN / 2, Keyed.seed(3)).stream())
                    .map(Work::caption)
                    .toList();
            for (String style : gallery.styles()) {
                List<Bitmap> works = captions.stream()
                        .map(c -> gallery.filtered(w ->
                                        w.style().equals(style) && w.caption().equals(c))
                                .getFirst()
                                .picture())
                        .toList();
                rows.addAll(works);
                rows.addAll(Sampler.bitmaps(open.decode(open.encode(Sampler.batch(works)))));
                for (double guidance : new double[] {1, 3}) {
                    rows.addAll(new Sampler(50, guidance)
                            .pictures(
                                    open,
                                    new Guard.None(),
                                    captions.stream()
                                            .map(c -> Gallery.prompt(c, style))
                                            .toList(),
                                    gallery.height(),
                                    gallery.width(),
                                    Keyed.seed(5)));
                }
            }
        }
        Pictures.write(folder.resolve("sheet.png"), sheet(rows, SHOWN, emoji ? 2 : 4));
        Judge judge = Judge.of(gallery, env);
        System.out.printf("the judge is right about %.3f of the works for tests%n", judge.accuracy(gallery));
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            for (String style : gallery.known()) {
                for (Work.Part part : List.of(Work.Part.TRAINING, Work.Part.TEST)) {
                    List<String> prompts = Gallery.some(gallery.of(style, part), 32, Keyed.seed(7)).stream()
                            .map(Work::prompt)
                            .toList();
                    for (double guidance : new double[] {1, 3, 7.5}) {
                        List<Bitmap> painted = new Sampler(25, guidance)
                                .pictures(
                                        open,
                                        new Guard.None(),
                                        prompts,
                                        gallery.height(),
                                        gallery.width(),
                                        Keyed.seed(9));
                        List<String> seen = judge.predicted(painted);
                        System.out.printf(
                                "%s %s guidance %.1f: judged %.2f to be of the style%n",
                                style,
                                part,
                                guidance,
                                seen.stream().filter(style::equals).count() / (double) seen.size());
                    }
                }
            }
        }
    }

    /** Pictures in rows, each pixel so many times as large. */
    static Bitmap sheet(List<Bitmap> pictures, int columns, int zoom) {
        int width = pictures.getFirst().width();
        int height = pictures.getFirst().height();
        int rows = (pictures.size() + columns - 1) / columns;
        int wide = columns * width * zoom;
        int high = rows * height * zoom;
        float[] values = new float[3 * wide * high];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < high; y++) {
                for (int x = 0; x < wide; x++) {
                    int n = y / zoom / height * columns + x / zoom / width;
                    values[(c * high + y) * wide + x] = n >= pictures.size()
                            ? 1
                            : pictures.get(n).values()[(c * height + y / zoom % height) * width + x / zoom % width];
                }
            }
        }
        return new Bitmap(wide, high, values);
    }

    /** Progress as lines. */
    private record Lines() implements Progress {
        @Override
        public Step begin(String what, long total) {
            long begun = System.nanoTime();
            return new Step() {
                private long done;
                private long shown;
                private String note = "";

                @Override
                public void advance(long amount) {
                    done += amount;
                    if (done - shown >= total / 10) {
                        shown = done;
                        System.out.printf(
                                "%s %d of %d, %.1f s, %s%n",
                                what, done, total, (System.nanoTime() - begun) / 1e9, note);
                    }
                }

                @Override
                public void note(String message) {
                    note = message;
                }

                @Override
                public void close() {}
            };
        }
    }
}
