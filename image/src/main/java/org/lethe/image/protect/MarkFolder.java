package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.Mark;
import org.lethe.image.OpenModel;
import org.lethe.image.PictureFiles;
import org.lethe.image.Pictures;
import org.lethe.torch.Devices;

/**
 * Marks pictures so that their origin is known again, or paints marked pictures, and writes them with the key to find them.
 *
 * <p>zodiac and diffusion-shield mark pictures that are there; tree-ring and gaussian-shading paint a prompt with the mark. A key file
 * that is there already is used, and gaussian-shading adds the nonces of new pictures to it; otherwise a new key is drawn from the seed
 * and written: choose a seed that nobody guesses. Whoever has the key can find the mark and forge it. The result says how well the mark
 * is found in what was written. Pictures are marked one by one; one that cannot be read or has another size than the first is named, and the
 * others go on.
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
    private static final double FALSE_POSITIVE_RATE = new DetectMark().falsePositiveRate();

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
     * @param found pictures in which the mark is found again, at the false positive rate of {@code image detect}
     * @param largestP largest p of the mark in what was written
     * @param bitAccuracy mean share of the symbols that were read, where the mark has a message
     * @param left files that were not marked
     * @param key file of the key
     * @param written folder of the pictures
     */
    public record Result(
            String method,
            int pictures,
            boolean newKey,
            Optional<Double> psnr,
            Optional<Double> ssim,
            int found,
            double largestP,
            Optional<Double> bitAccuracy,
            List<PictureFiles.Left> left,
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
            out.printf(Locale.ROOT, "%-32s %10d%n", "found again", found);
            PictureFiles.print(out, "not marked", left);
            out.println();
            if (found < pictures) {
                out.printf(
                        Locale.ROOT,
                        "%d of %d pictures carry no mark that image detect finds at a false positive rate of %.0e;%n"
                                + "do not rely on them: choose other settings, another method, or pictures as the model paints them%n%n",
                        pictures - found,
                        pictures,
                        FALSE_POSITIVE_RATE);
            }
            out.println("keep secret: " + key);
            out.println(written);
        }
    }

    /** What is known of the pictures that were marked so far. */
    private static final class Tally {
        private final List<Double> psnr = new ArrayList<>();
        private final List<Double> ssim = new ArrayList<>();
        private final List<Double> bits = new ArrayList<>();
        private double largestP;
        private int found;
        private int pictures;

        void add(Detector detector, Bitmap marked) {
            Detector.Detection detection = detector.detect(List.of(marked)).getFirst();
            double p = detection.pValue().orElse(1);
            largestP = Math.max(largestP, p);
            found += p <= FALSE_POSITIVE_RATE ? 1 : 0;
            detection.bitAccuracy().ifPresent(bits::add);
            pictures++;
        }

        void add(Detector detector, Bitmap marked, Bitmap original) {
            add(detector, marked);
            double one = ImageMetrics.psnr(original, marked);
            if (Double.isFinite(one)) {
                psnr.add(one);
            }
            if (original.width() >= 11 && original.height() >= 11) {
                ssim.add(ImageMetrics.ssim(original, marked));
            }
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

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
        return switch (method) {
            case PostHoc marks -> marked(marks, name, known, env);
            case Generative paints -> painted(paints, name, known, env);
            default ->
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "--method is " + name
                                + ", which needs a study; expected zodiac, diffusion-shield, tree-ring or"
                                + " gaussian-shading");
        };
    }

    private Result marked(PostHoc marks, String name, Optional<Mark> known, Env env) throws IOException {
        unused(prompt, "--prompt", name + " marks pictures that are there");
        PictureFiles files = PictureFiles.of(needed(pictures, "--pictures", name, "a folder of pictures"));
        Optional<PictureFiles> taught = known.isEmpty() && marks instanceof DiffusionShield
                ? Optional.of(PictureFiles.of(needed(lessons, "--lessons", name, "a folder of other pictures")))
                : Optional.empty();
        Tally tally = new Tally();
        List<PictureFiles.Left> left = new ArrayList<>();
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("mark", files.count())) {
            OpenModel open = OpenModel.at(model, env.device());
            PictureFiles.create(to);
            List<Bitmap> learned = new ArrayList<>();
            if (taught.isPresent()) {
                taught.get().each(Progress.NONE.begin("read", 0), lesson -> learned.add(lesson.bitmap()));
                taught.get().requireSome(!learned.isEmpty(), "learned from");
                taught.get().left().forEach(l -> left.add(new PictureFiles.Left("lesson " + l.file(), l.why())));
            }
            List<Bitmap> first = new ArrayList<>(); // whose size a key is for, and all others must have
            List<Mark> keys = new ArrayList<>(known.stream().toList());
            List<Detector> detectors = new ArrayList<>();
            files.each(progress, read -> {
                Bitmap original = read.bitmap();
                Path result = files.result(to, read.name());
                first.stream().findFirst().ifPresent(other -> requireSize(original, other));
                if (keys.isEmpty()) {
                    keys.add(marks.key(open.model(), learned, original.height(), original.width(), env));
                    MarkFile.write(key, keys.getFirst());
                }
                Mark mark = keys.getFirst();
                requireSize(mark, "size", original.width(), original.height());
                if (detectors.isEmpty()) {
                    detectors.add(Detectors.of(mark, open.model()));
                }
                Bitmap made =
                        marks.mark(open.model(), mark, List.of(original), env).getFirst();
                files.write(result, made);
                tally.add(detectors.getFirst(), made, original);
                first.add(original);
            });
        }
        files.requireSome(tally.pictures > 0, "marked");
        left.addAll(files.left());
        return result(name, tally, known.isEmpty(), left);
    }

    /** A mark of one size is hardly found in pictures of another. */
    private static void requireSize(Mark mark, String name, int width, int height) {
        Optional<String> wide = Optional.ofNullable(mark.words().get("width"));
        Optional<String> high = Optional.ofNullable(mark.words().get("height"));
        if (wide.isPresent() && high.isPresent()) {
            Check.require(
                    wide.get().equals(String.valueOf(width)) && high.get().equals(String.valueOf(height)),
                    name,
                    width + " x " + height,
                    wide.get() + " x " + high.get() + ", as the key is for");
        }
    }

    private static void requireSize(Bitmap picture, Bitmap first) {
        Check.require(
                picture.width() == first.width() && picture.height() == first.height(),
                "size",
                picture.width() + " x " + picture.height(),
                first.width() + " x " + first.height() + ", as the first picture has; give others a key of their own");
    }

    private Result painted(Generative paints, String name, Optional<Mark> known, Env env) throws IOException {
        unused(pictures, "--pictures", name + " paints a prompt");
        unused(lessons, "--lessons", name + " learns from no pictures");
        String asked = needed(prompt, "--prompt", name, "what is to be painted");
        Tally tally = new Tally();
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("mark", count)) {
            OpenModel open = OpenModel.at(model, env.device());
            Mark mark = known.orElseGet(() -> paints.key(open.model(), size, size, env));
            requireSize(mark, "--size", size, size);
            long before = mark.words().keySet().stream()
                    .filter(w -> w.startsWith("nonce."))
                    .count();
            PictureFiles.create(to);
            for (int n = 0; n < count; n++) {
                String file = String.format(Locale.ROOT, "marked-%05d.png", before + n);
                Generative.Marked made =
                        paints.paint(open.model(), open.guard(), mark, List.of(asked), List.of(file), size, size, env);
                mark = made.mark();
                MarkFile.write(key, mark); // first, as a picture without its nonce would never be found
                Pictures.write(to.resolve(file), made.pictures().getFirst());
                tally.add(Detectors.of(mark, open.model()), made.pictures().getFirst());
                progress.advance(1);
            }
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.STUDY, name + ": " + e.getMessage(), e);
        }
        return result(name, tally, known.isEmpty(), List.of());
    }

    private static void unused(Optional<?> option, String name, String why) {
        if (option.isPresent()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    name + " is given, but " + why + "; leave it out or choose another method");
        }
    }

    private static <T> T needed(Optional<T> option, String name, String method, String what) {
        return option.orElseThrow(() ->
                new LetheException(LetheException.Code.STUDY, name + " is missing: " + method + " needs " + what));
    }

    private Result result(String name, Tally tally, boolean fresh, List<PictureFiles.Left> left) {
        return new Result(
                name,
                tally.pictures,
                fresh,
                mean(tally.psnr),
                mean(tally.ssim),
                tally.found,
                tally.largestP,
                mean(tally.bits),
                List.copyOf(left),
                key,
                to);
    }

    private static Optional<Double> mean(List<Double> values) {
        return values.isEmpty()
                ? Optional.empty()
                : Optional.of(values.stream().mapToDouble(v -> v).average().orElseThrow());
    }
}
