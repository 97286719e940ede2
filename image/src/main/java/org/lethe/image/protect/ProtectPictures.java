package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.ImageModel;
import org.lethe.image.Pictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.torch.Devices;

/**
 * Changes pictures, hardly to be seen, so that a text-to-image model cannot imitate them, and writes them to another folder.
 *
 * <p>Pictures are PNG or JPEG of any size; results are PNG of the same size and name with 8 bits, on which changes count, so that 16 bits are
 * rounded first. Transparent pixels lie on white. The model is a folder of Stable Diffusion 1 or 2 as the ecosystem has it, or a file that Lethe saved;
 * it should be the one that an imitator would begin with. It computes in 32 bits: Stable Diffusion takes 4 GB for its weights and
 * about 10 more for a part of 512 pixels, and on a processor some ten seconds for each step. What cannot be read is named, and the other
 * pictures go on.
 *
 * @param pictures folder of the pictures; folders inside it are left out
 * @param model folder with model_index.json, or a .safetensors file saved by Lethe
 * @param method method with its settings, as in a study file: mist, or "{mist: {epsilon: 8}}"
 * @param prompt generic for the pictures: a painting, or a photo
 * @param masks folder with a picture of the same name and size for each: light where it may be changed, dark where it stays
 * @param tile largest side in pixels that the model sees at once; a larger picture is changed part by part
 * @param to folder for the results, new or empty
 */
@Named("image protect")
public record ProtectPictures(
        @Argument Path pictures,
        @Required Path model,
        Obfuscation method,
        String prompt,
        Optional<Path> masks,
        int tile,
        @Required Path to)
        implements Tool<ProtectPictures.Result> {
    public ProtectPictures {
        Check.require(!prompt.isBlank(), "prompt", "\"" + prompt + "\"", "a few words, as a painting");
        Check.require(tile >= 16 && tile <= 10_000, "tile", tile, "16 to 10,000");
    }

    /** Mist for paintings in parts of 512 pixels; the files are still to be named. */
    public ProtectPictures() {
        this(Path.of(""), Path.of(""), new Mist(), "a painting", Optional.empty(), 512, Path.of(""));
    }

    /** The obfuscations. */
    static List<Obfuscation> methods() {
        return List.of(new AdvDm(), new Mist(), new Glaze(), new PhotoGuard(), new AntiDreamBooth(), new RandomSigns());
    }

    @Override
    public List<?> entries() {
        return methods();
    }

    /**
     * One picture.
     *
     * @param file its name
     * @param width in pixels
     * @param height in pixels
     * @param psnr peak signal to noise in decibels; absent where nothing changed
     * @param ssim structural similarity; absent below 11 pixels
     * @param largest change of a value, in levels of 255
     * @param written file of the result
     */
    public record Row(
            String file,
            int width,
            int height,
            Optional<Double> psnr,
            Optional<Double> ssim,
            int largest,
            Path written) {}

    /**
     * A file that was not protected.
     *
     * @param file its name
     * @param why in a sentence
     */
    public record Left(String file, String why) {}

    /**
     * How it went.
     *
     * @param method that was used
     * @param rows one for each picture that was protected
     * @param left files that were not
     */
    public record Result(String method, List<Row> rows, List<Left> left) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int name = Math.max(
                    7, rows.stream().mapToInt(r -> r.file.length()).max().orElse(0));
            String line = "%-" + name + "s %12s %10s %8s %8s%n";
            out.printf(Locale.ROOT, "%s, %d pictures%n%n", method, rows.size());
            out.printf(Locale.ROOT, line, "picture", "size", "PSNR", "SSIM", "largest");
            for (Row row : rows) {
                out.printf(
                        Locale.ROOT,
                        line,
                        row.file,
                        row.width + " x " + row.height,
                        row.psnr.map(p -> String.format(Locale.ROOT, "%.2f", p)).orElse("unchanged"),
                        row.ssim.map(s -> String.format(Locale.ROOT, "%.4f", s)).orElse("-"),
                        row.largest);
            }
            if (!left.isEmpty()) {
                out.printf("%nnot protected:%n");
                left.forEach(l -> out.println(l.file + ": " + l.why));
            }
        }
    }

    /** A picture on its way. */
    private record Item(String name, Path result, Bitmap original, Optional<Bitmap> mask, Tiles tiles) {}

    @Override
    public Result run(Env env) throws IOException {
        requireNew();
        List<Path> files = files();
        Devices.ready(env.device());
        List<Left> left = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("protect", files.size())) {
            Diffusion open = open(env.device());
            int factor = factor(open);
            Files.createDirectories(to);
            Map<Path, String> taken = new LinkedHashMap<>();
            List<Item> together = new ArrayList<>();
            for (Path file : files) {
                item(file, factor, taken, left).ifPresent(item -> {
                    if (method.together()) {
                        together.add(item);
                    } else {
                        rows.addAll(alone(open, item, env, left));
                    }
                });
                progress.advance(1);
            }
            rows.addAll(written(open, together, env));
        }
        if (rows.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    pictures + ": no file could be protected; "
                            + left.getFirst().file() + ": " + left.getFirst().why());
        }
        return new Result(Named.Of.name(method), List.copyOf(rows), List.copyOf(left));
    }

    private List<Row> alone(Diffusion open, Item item, Env env, List<Left> left) {
        long own = env.random("picture").of(item.name).at(0);
        try {
            return written(open, List.of(item), env.with(own));
        } catch (IllegalArgumentException e) { // as where it is too small for the method
            left.add(new Left(item.name, String.valueOf(e.getMessage())));
            return List.of();
        }
    }

    private void requireNew() throws IOException {
        if (Files.exists(to)) {
            if (!Files.isDirectory(to)) {
                throw new LetheException(
                        LetheException.Code.STUDY, "--to is " + to + ", which is a file; expected a new folder");
            }
            try (Stream<Path> there = Files.list(to)) {
                if (there.findAny().isPresent()) {
                    throw new LetheException(
                            LetheException.Code.STUDY, "--to is " + to + ", which is not empty; expected a new folder");
                }
            }
        }
    }

    /** The files of the folder, in the order of their names. */
    private List<Path> files() throws IOException {
        if (!Files.isDirectory(pictures)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    pictures + " is not there or is no folder, expected a folder of pictures");
        }
        try (Stream<Path> there = Files.list(pictures)) {
            List<Path> files = there.filter(Files::isRegularFile)
                    .filter(f -> !name(f).startsWith("."))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new LetheException(
                        LetheException.Code.DATA, pictures + " has no files, expected pictures in PNG or JPEG");
            }
            return files;
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    private Diffusion open(Device device) throws IOException {
        if (Files.isDirectory(model)) {
            return LatentDiffusion.load(model, device);
        }
        if (!Files.isRegularFile(model)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "--model is " + model
                            + ", which is not there; expected a folder of Stable Diffusion or a file saved by Lethe");
        }
        return ImageModel.load(model).open(device);
    }

    /** Of what the sides of pictures are multiples. */
    private int factor(Diffusion open) {
        if (open instanceof LatentDiffusion latent) {
            return latent.vae().config().factor();
        }
        throw new LetheException(
                LetheException.Code.DATA,
                model
                        + " is no latent diffusion model and reads pictures of one size alone; expected a folder of Stable"
                        + " Diffusion or a latent-diffusion file saved by Lethe");
    }

    private Optional<Item> item(Path file, int factor, Map<Path, String> taken, List<Left> left) {
        String name = name(file);
        int dot = name.lastIndexOf('.');
        Path result = to.resolve((dot < 1 ? name : name.substring(0, dot)) + ".png");
        try {
            Bitmap original = levels(Pictures.read(file));
            Optional<Bitmap> mask = mask(name, original);
            String other = taken.putIfAbsent(result, name);
            Check.require(other == null, "its result", name(result), "a name that is not that of " + other + " too");
            Tiles tiles = Tiles.of(original.width(), original.height(), tile, factor);
            return Optional.of(new Item(name, result, original, mask, tiles));
        } catch (LetheException | IllegalArgumentException e) {
            String said = String.valueOf(e.getMessage());
            left.add(new Left(name, said.startsWith(file + ": ") ? said.substring((file + ": ").length()) : said));
        } catch (IOException e) {
            left.add(new Left(name, "cannot be read: " + e.getMessage()));
        }
        return Optional.empty();
    }

    private static Bitmap levels(Bitmap picture) {
        return Bitmap.of(picture.bytes(), picture.width(), picture.height());
    }

    private Optional<Bitmap> mask(String name, Bitmap original) throws IOException {
        if (masks.isEmpty()) {
            return Optional.empty();
        }
        try {
            Bitmap mask = Pictures.read(masks.get().resolve(name));
            Check.require(
                    mask.width() == original.width() && mask.height() == original.height(),
                    "size of its mask",
                    mask.width() + " x " + mask.height(),
                    original.width() + " x " + original.height());
            return Optional.of(mask);
        } catch (NoSuchFileException _) {
            throw new LetheException(LetheException.Code.DATA, "has no mask in " + masks.get());
        }
    }

    /** Protects pictures as one task for each size of their parts, and writes them. */
    private List<Row> written(Diffusion open, List<Item> items, Env env) {
        Map<List<Integer>, List<Item>> bySize = new LinkedHashMap<>();
        for (Item item : items) {
            bySize.computeIfAbsent(List.of(item.tiles.wide(), item.tiles.high()), _ -> new ArrayList<>())
                    .add(item);
        }
        Map<String, Row> rows = new TreeMap<>();
        for (List<Item> some : bySize.values()) {
            List<Bitmap> parts = new ArrayList<>();
            List<Bitmap> light = new ArrayList<>();
            for (Item item : some) {
                parts.addAll(item.tiles.cut(item.original));
                item.mask.ifPresent(mask -> light.addAll(item.tiles.cut(mask)));
            }
            List<Bitmap> changed =
                    method.protect(open, new Obfuscation.Task(parts, prompt, List.of(), light, Optional.empty()), env);
            int at = 0;
            for (Item item : some) {
                int count = item.tiles.columns() * item.tiles.rows();
                Bitmap result = item.tiles.joined(changed.subList(at, at + count));
                at += count;
                Pictures.write(item.result, result);
                rows.put(item.name, row(item, result));
            }
        }
        return List.copyOf(rows.values());
    }

    private static Row row(Item item, Bitmap result) {
        Bitmap original = item.original;
        int largest = 0;
        for (int i = 0; i < original.values().length; i++) {
            largest = Math.max(largest, Math.round(Math.abs(result.values()[i] - original.values()[i]) * 255));
        }
        boolean large = original.width() >= 11 && original.height() >= 11;
        return new Row(
                item.name,
                original.width(),
                original.height(),
                largest == 0 ? Optional.empty() : Optional.of(ImageMetrics.psnr(original, result)),
                large ? Optional.of(ImageMetrics.ssim(original, result)) : Optional.empty(),
                largest,
                item.result);
    }
}
