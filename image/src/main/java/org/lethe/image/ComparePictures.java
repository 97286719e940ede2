package org.lethe.image;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.diffusion.Clip;
import org.lethe.statistics.Statistics;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/**
 * Compares the pictures of two folders, file by file of the same name: works before and after a protection or an attack, say.
 *
 * <p>A name counts without its ending, so {@code a.png} is compared with {@code a.jpg}. Measured are peak signal to noise in decibels,
 * structural similarity with a Gaussian window and with an even one, and visual information fidelity on luma, for which the first
 * folder is the reference. With a CLIP model also the cosine of both pictures (CLIP-I) and the Fréchet distance of the two folders. That
 * distance needs more pairs than the model has dimensions, and is no FID, whose features are those of another network.
 *
 * @param original folder of the pictures as they were
 * @param changed folder of the pictures that are compared with them
 * @param clip folder of a CLIP model, with config.json and model.safetensors
 */
@Named("image compare")
public record ComparePictures(
        @Argument Path original, @Argument Path changed, Optional<Path> clip) implements Tool<ComparePictures.Result> {
    private static final int SSIM_SIDE = 11;
    private static final int VIF_SIDE = 41;

    /** Without CLIP; the folders are still to be named. */
    public ComparePictures() {
        this(Path.of(""), Path.of(""), Optional.empty());
    }

    /**
     * One pair of pictures. Measures that a pair is too small for are absent.
     *
     * @param psnr in decibels; absent for equal pictures
     * @param largest difference of a pixel's channel, in 1/255
     * @param ssim with a Gaussian window of 11 pixels
     * @param ssimUniform with an even window of 7 pixels
     * @param vif of the original's information that is left
     * @param clipI cosine of both pictures
     */
    public record Pair(
            Optional<Double> psnr,
            int largest,
            Optional<Double> ssim,
            Optional<Double> ssimUniform,
            Optional<Double> vif,
            Optional<Double> clipI) {}

    /**
     * A measure over all pairs that have it.
     *
     * @param mean of them
     * @param sd standard deviation; 0 for a single pair
     * @param n number of pairs
     */
    public record Summary(double mean, double sd, int n) {}

    /**
     * The comparison.
     *
     * @param pairs by name
     * @param summary of each measure
     * @param equal number of pairs without any difference, which have no peak signal to noise
     * @param frechet squared distance of the two folders in CLIP's space
     * @param alone names that only one folder has
     * @param failed names that could not be compared, with the reason
     * @param notes what was left out, and why
     */
    public record Result(
            Map<String, Pair> pairs,
            Map<String, Summary> summary,
            int equal,
            Optional<Double> frechet,
            List<String> alone,
            Map<String, String> failed,
            List<String> notes)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int wide = Math.max(
                    8, pairs.keySet().stream().mapToInt(String::length).max().orElse(0));
            out.printf(
                    Locale.ROOT,
                    "%-" + wide + "s %9s %8s %8s %8s %8s %8s%n",
                    "",
                    "PSNR dB",
                    "max/255",
                    "SSIM",
                    "SSIM-7",
                    "VIFp",
                    "CLIP-I");
            pairs.forEach((name, p) -> out.printf(
                    Locale.ROOT,
                    "%-" + wide + "s %9s %8d %8s %8s %8s %8s%n",
                    Printable.text(name),
                    p.largest == 0 ? "equal" : number(p.psnr, 2),
                    p.largest,
                    number(p.ssim, 4),
                    number(p.ssimUniform, 4),
                    number(p.vif, 4),
                    number(p.clipI, 4)));
            out.println();
            summary.forEach((name, s) ->
                    out.printf(Locale.ROOT, "%-14s mean %.4f, deviation %.4f, %d pairs%n", name, s.mean, s.sd, s.n));
            frechet.ifPresent(d -> out.printf(Locale.ROOT, "%-14s %.4f, %d pairs%n", "frechet-clip", d, pairs.size()));
            if (equal > 0) {
                out.println(equal + " equal pairs are left out of the mean of PSNR.");
            }
            failed.forEach((name, why) -> out.println(Printable.text(name) + " was not compared: " + why));
            if (!alone.isEmpty()) {
                out.println("In one folder alone: " + String.join(", ", alone));
            }
            notes.forEach(out::println);
        }

        private static String number(Optional<Double> value, int digits) {
            return value.map(v -> String.format(Locale.ROOT, "%." + digits + "f", v))
                    .orElse("");
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        Map<String, Path> were = files(original);
        Map<String, Path> are = files(changed);
        TreeSet<String> both = new TreeSet<>(were.keySet());
        both.retainAll(are.keySet());
        if (both.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    original + " with " + were.size() + " and " + changed + " with " + are.size()
                            + " pictures have no name in common, expected files of the same names");
        }
        List<String> alone = Stream.concat(
                        were.keySet().stream().filter(n -> !both.contains(n)).map(n -> original.resolve(n)),
                        are.keySet().stream().filter(n -> !both.contains(n)).map(n -> changed.resolve(n)))
                .map(Path::toString)
                .toList();
        Features features = clip.isPresent() ? new Features(clip.get(), env) : new Features();
        try (features;
                Progress.Step bar = env.progress().begin("compare", both.size())) {
            return compared(both, were, are, alone, features, bar);
        }
    }

    private Result compared(
            TreeSet<String> names,
            Map<String, Path> were,
            Map<String, Path> are,
            List<String> alone,
            Features features,
            Progress.Step bar) {
        Map<String, Pair> pairs = new LinkedHashMap<>();
        Map<String, String> failed = new LinkedHashMap<>();
        List<float[]> first = new ArrayList<>();
        List<float[]> second = new ArrayList<>();
        for (String name : names) {
            try {
                Bitmap was = Pictures.read(Optional.ofNullable(were.get(name)).orElseThrow());
                Bitmap is = Pictures.read(Optional.ofNullable(are.get(name)).orElseThrow());
                Optional<float[]> one = features.of(was);
                Optional<float[]> other = features.of(is);
                pairs.put(name, pair(was, is, one, other));
                one.ifPresent(first::add);
                other.ifPresent(second::add);
            } catch (LetheException | IllegalArgumentException | IOException e) {
                failed.put(name, String.valueOf(e.getMessage()));
            }
            bar.advance(1);
        }
        if (pairs.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "no pair could be compared; "
                            + failed.entrySet().stream()
                                    .limit(1)
                                    .map(e -> Printable.text(e.getKey()) + ": " + e.getValue())
                                    .collect(Collectors.joining()));
        }
        List<String> notes = new ArrayList<>();
        note(notes, pairs, Pair::ssim, "SSIM needs pictures of at least " + SSIM_SIDE + " x " + SSIM_SIDE);
        note(
                notes,
                pairs,
                Pair::vif,
                "VIFp needs pictures of at least " + VIF_SIDE + " x " + VIF_SIDE + " and more than one brightness");
        Optional<Double> frechet = Optional.empty();
        if (!first.isEmpty() && first.size() > first.getFirst().length) {
            frechet = Optional.of(ImageMetrics.frechet(first, second));
        } else if (!first.isEmpty()) {
            notes.add("The Fréchet distance needs more than the " + first.getFirst().length + " dimensions of CLIP; "
                    + first.size() + " pairs were compared.");
        }
        Map<String, Summary> summary = new LinkedHashMap<>();
        summarise(summary, "psnr", pairs, Pair::psnr);
        summarise(summary, "ssim", pairs, Pair::ssim);
        summarise(summary, "ssim-uniform", pairs, Pair::ssimUniform);
        summarise(summary, "vifp", pairs, Pair::vif);
        summarise(summary, "clip-i", pairs, Pair::clipI);
        int equal = (int) pairs.values().stream().filter(p -> p.largest == 0).count();
        return new Result(pairs, summary, equal, frechet, alone, failed, notes);
    }

    private static void note(
            List<String> notes, Map<String, Pair> pairs, Function<Pair, Optional<Double>> measure, String why) {
        long without =
                pairs.values().stream().filter(p -> measure.apply(p).isEmpty()).count();
        if (without > 0) {
            notes.add(why + "; " + without + " pairs have none.");
        }
    }

    private static void summarise(
            Map<String, Summary> into, String name, Map<String, Pair> pairs, Function<Pair, Optional<Double>> measure) {
        double[] values = pairs.values().stream()
                .flatMap(p -> measure.apply(p).stream())
                .mapToDouble(v -> v)
                .toArray();
        if (values.length > 0) {
            into.put(name, new Summary(Statistics.mean(values), Statistics.sd(values), values.length));
        }
    }

    private static Pair pair(Bitmap was, Bitmap is, Optional<float[]> one, Optional<float[]> other) {
        Check.require(
                was.width() == is.width() && was.height() == is.height(),
                "size of the changed picture",
                is.width() + " x " + is.height(),
                was.width() + " x " + was.height() + ", as the original has");
        int side = Math.min(was.width(), was.height());
        int largest = largest(was, is);
        return new Pair(
                largest == 0 ? Optional.empty() : Optional.of(ImageMetrics.psnr(was, is)),
                largest,
                side >= SSIM_SIDE ? Optional.of(ImageMetrics.ssim(was, is)) : Optional.empty(),
                side >= SSIM_SIDE ? Optional.of(ImageMetrics.ssimUniform(was, is)) : Optional.empty(),
                side >= VIF_SIDE && varied(was) ? Optional.of(ImageMetrics.vif(was, is)) : Optional.empty(),
                one.map(a -> cosine(a, other.orElseThrow())));
    }

    private static int largest(Bitmap was, Bitmap is) {
        byte[] a = was.bytes();
        byte[] b = is.bytes();
        int most = 0;
        for (int i = 0; i < a.length; i++) {
            most = Math.max(most, Math.abs((a[i] & 0xFF) - (b[i] & 0xFF)));
        }
        return most;
    }

    private static boolean varied(Bitmap picture) {
        double[] luma = picture.luma();
        for (double v : luma) {
            if (Math.abs(v - luma[0]) > 1e-6) {
                return true;
            }
        }
        return false;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            first += (double) a[i] * a[i];
            second += (double) b[i] * b[i];
        }
        return product / Math.sqrt(first * second);
    }

    /** The pictures of a folder by their names without endings. */
    private static Map<String, Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new LetheException(LetheException.Code.DATA, folder + " is no folder, expected one with pictures");
        }
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> listed = Files.list(folder)) {
            for (Path file : listed.sorted().toList()) {
                String name = String.valueOf(file.getFileName());
                int dot = name.lastIndexOf('.');
                String ending = dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
                if (List.of("png", "jpg", "jpeg").contains(ending) && Files.isRegularFile(file)) {
                    Path twice = files.put(name.substring(0, dot), file);
                    if (twice != null) {
                        throw new LetheException(
                                LetheException.Code.DATA,
                                file + " and " + twice.getFileName() + " have one name, expected each name once");
                    }
                }
            }
        }
        return files;
    }

    /** Pictures in CLIP's space, of length 1, where a model was named. */
    private static final class Features implements AutoCloseable {
        private final PointerScope scope = new PointerScope();
        private final Optional<Clip> clip;
        private final Clip.Preprocessing preprocessing;
        private final Env env;

        Features() {
            clip = Optional.empty();
            preprocessing = new Clip.Preprocessing();
            env = Env.seeded(0);
        }

        Features(Path folder, Env env) throws IOException {
            this.env = env;
            Devices.ready(env.device());
            Path said = folder.resolve("preprocessor_config.json");
            preprocessing = Files.exists(said) ? Clip.Preprocessing.read(said) : new Clip.Preprocessing();
            clip = Optional.of(Clip.load(folder, env.device(), ScalarType.Float));
        }

        Optional<float[]> of(Bitmap picture) {
            return clip.map(model -> {
                try (var _ = new NoGradGuard();
                        var _ = new PointerScope()) {
                    return Tensors.floats(model.pictures(Devices.on(
                            preprocessing.of(picture.bytes(), picture.width(), picture.height()), env.device())));
                }
            });
        }

        @Override
        public void close() {
            scope.close();
        }
    }
}
