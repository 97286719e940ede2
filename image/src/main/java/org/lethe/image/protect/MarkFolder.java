package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Mark;
import org.lethe.image.Pictures;
import org.lethe.torch.Devices;

/**
 * Marks pictures so that their origin is known again, or paints marked pictures, and writes them with the key to find them.
 *
 * <p>zodiac and diffusion-shield mark pictures that are there; tree-ring and gaussian-shading paint a prompt with the mark. A key file
 * that is there already is used, and gaussian-shading adds the nonces of new pictures to it; otherwise a new key is drawn from the seed
 * and written: choose a seed that nobody guesses. Whoever has the key can find the mark and forge it. The result says how well the mark
 * is found in what was written.
 *
 * @param model folder of Stable Diffusion, or a file saved by Lethe
 * @param method watermark with its settings, as in a study file: zodiac, or "{zodiac: {iterations: 100, steps: 50}}"
 * @param pictures folder of PNG and JPEG files of one size, or one file, that are marked; for zodiac and diffusion-shield
 * @param lessons folder of other pictures of that size, from which a new key of diffusion-shield learns
 * @param prompt what is painted; for tree-ring and gaussian-shading
 * @param count how many pictures are painted
 * @param size height and width of painted pictures in pixels
 * @param key file of the key, read where it is there, otherwise written
 * @param to folder for the marked pictures, new or empty
 */
@Named("image mark")
public record MarkFolder(
        @Required Path model,
        Watermark method,
        Optional<Path> pictures,
        Optional<Path> lessons,
        Optional<String> prompt,
        int count,
        int size,
        @Required Path key,
        @Required Path to)
        implements Tool<MarkFolder.Result> {
    public MarkFolder {
        Check.require(count >= 1, "count", count, "at least 1");
        Check.require(size >= 8, "size", size, "at least 8");
    }

    /** ZoDiac; the files are still to be named. */
    public MarkFolder() {
        this(
                Path.of(""),
                new ZoDiac(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                1,
                512,
                Path.of(""),
                Path.of(""));
    }

    @Override
    public List<?> entries() {
        return List.of(new ZoDiac(), new DiffusionShield(), new TreeRing(), new GaussianShading());
    }

    /**
     * How it went.
     *
     * @param method name of the watermark
     * @param pictures that were written
     * @param newKey whether the key is new
     * @param psnr mean peak signal to noise of marked pictures to their originals in decibels, where there are any
     * @param ssim mean structural similarity to them
     * @param largestP largest p of the mark in what was written
     * @param bitAccuracy mean share of the symbols that were read, where the mark has a message
     * @param key file of the key
     * @param written folder of the pictures
     */
    public record Result(
            String method,
            int pictures,
            boolean newKey,
            Optional<Double> psnr,
            Optional<Double> ssim,
            double largestP,
            Optional<Double> bitAccuracy,
            Path key,
            Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%s, %d pictures, %s key%n%n", method, pictures, newKey ? "new" : "known");
            psnr.ifPresent(p -> out.printf(Locale.ROOT, "%-32s %10.2f%n", "PSNR to the originals", p));
            ssim.ifPresent(s -> out.printf(Locale.ROOT, "%-32s %10.4f%n", "SSIM to the originals", s));
            out.printf(Locale.ROOT, "%-32s %10.2g%n", "largest p of the mark", largestP);
            bitAccuracy.ifPresent(b -> out.printf(Locale.ROOT, "%-32s %10.4f%n", "symbols read", b));
            out.println();
            out.println("keep secret: " + key);
            out.println(written);
        }
    }

    /** Marked pictures by the name of their file, with their originals where there are any. */
    private record Made(Mark mark, List<String> names, List<Bitmap> marked, List<Bitmap> originals) {}

    @Override
    public Result run(Env env) throws IOException {
        PictureFiles.requireNew(to);
        Optional<Mark> known = Files.exists(key) ? Optional.of(MarkFile.read(key)) : Optional.empty();
        String name = Named.Of.name(method);
        if (known.isPresent() && !known.get().method().equals(name)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--key is " + key + ", a key of " + known.get().method() + ", expected one of " + name);
        }
        Devices.ready(env.device());
        try (var _ = new PointerScope()) {
            OpenModel open = OpenModel.at(model, env.device());
            Made made = switch (method) {
                case PostHoc marks -> marked(marks, name, open, known, env);
                case Generative paints -> painted(paints, name, open, known, env);
                default ->
                    throw new LetheException(
                            LetheException.Code.STUDY,
                            "--method is " + name
                                    + ", which needs a study; expected zodiac, diffusion-shield, tree-ring or"
                                    + " gaussian-shading");
            };
            MarkFile.write(key, made.mark);
            Files.createDirectories(to);
            for (int n = 0; n < made.names.size(); n++) {
                Pictures.write(to.resolve(made.names.get(n)), made.marked.get(n));
            }
            return result(
                    name,
                    made,
                    known.isEmpty(),
                    Detectors.of(made.mark, open.model()).detect(made.marked));
        }
    }

    private Made marked(PostHoc marks, String name, OpenModel open, Optional<Mark> known, Env env) throws IOException {
        Map<String, Bitmap> read = PictureFiles.read(needed(pictures, "--pictures", name, "a folder of pictures"));
        Bitmap first = read.values().iterator().next();
        read.forEach((file, picture) -> Check.require(
                picture.width() == first.width() && picture.height() == first.height(),
                "size of " + file,
                picture.width() + " x " + picture.height(),
                first.width() + " x " + first.height() + ", as the first picture has"));
        Mark mark;
        if (known.isPresent()) {
            mark = known.get();
        } else {
            List<Bitmap> learned = marks instanceof DiffusionShield
                    ? List.copyOf(PictureFiles.read(needed(lessons, "--lessons", name, "a folder of other pictures"))
                            .values())
                    : List.of();
            mark = marks.key(open.model(), learned, first.height(), first.width(), env);
        }
        List<Bitmap> originals = List.copyOf(read.values());
        List<String> names = read.keySet().stream().map(PictureFiles::png).toList();
        Check.require(
                names.stream().distinct().count() == names.size(),
                "names of the pictures",
                read.keySet(),
                "names that differ without their ends");
        return new Made(mark, names, marks.mark(open.model(), mark, originals, env), originals);
    }

    private Made painted(Generative paints, String name, OpenModel open, Optional<Mark> known, Env env) {
        String asked = needed(prompt, "--prompt", name, "what is to be painted");
        Mark mark = known.orElseGet(() -> paints.key(open.model(), size, size, env));
        long before = mark.words().keySet().stream()
                .filter(w -> w.startsWith("nonce."))
                .count();
        List<String> names = IntStream.range(0, count)
                .mapToObj(n -> String.format(Locale.ROOT, "marked-%05d.png", before + n))
                .toList();
        List<String> prompts = IntStream.range(0, count).mapToObj(_ -> asked).toList();
        Generative.Marked made = paints.paint(open.model(), open.guard(), mark, prompts, names, size, size, env);
        return new Made(made.mark(), names, made.pictures(), List.of());
    }

    private static <T> T needed(Optional<T> option, String name, String method, String what) {
        return option.orElseThrow(() ->
                new LetheException(LetheException.Code.STUDY, name + " is missing: " + method + " needs " + what));
    }

    private Result result(String name, Made made, boolean fresh, List<Detector.Detection> found) {
        List<Double> psnr = new ArrayList<>();
        List<Double> ssim = new ArrayList<>();
        for (int n = 0; n < made.originals.size(); n++) {
            double one = ImageMetrics.psnr(made.originals.get(n), made.marked.get(n));
            if (Double.isFinite(one)) {
                psnr.add(one);
            }
            if (made.originals.get(n).width() >= 11 && made.originals.get(n).height() >= 11) {
                ssim.add(ImageMetrics.ssim(made.originals.get(n), made.marked.get(n)));
            }
        }
        List<Double> bits =
                found.stream().flatMap(d -> d.bitAccuracy().stream().boxed()).toList();
        return new Result(
                name,
                made.marked.size(),
                fresh,
                mean(psnr),
                mean(ssim),
                found.stream().mapToDouble(d -> d.pValue().orElse(1)).max().orElse(1),
                mean(bits),
                key,
                to);
    }

    private static Optional<Double> mean(List<Double> values) {
        return values.isEmpty()
                ? Optional.empty()
                : Optional.of(values.stream().mapToDouble(v -> v).average().orElseThrow());
    }
}
