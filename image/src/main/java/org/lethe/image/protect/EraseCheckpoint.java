package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Pictures;
import org.lethe.image.data.PictureFolder;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.PipelineFolder;
import org.lethe.study.Words;
import org.lethe.torch.Devices;

/**
 * Makes a Stable Diffusion model unable to paint a concept, and writes it to another folder.
 *
 * <p>The folder is that of a StableDiffusionPipeline of diffusers, of Stable Diffusion 1 or 2: model_index.json with unet, vae, text_encoder,
 * tokenizer and scheduler. The result has every other file as it was, and the weights in their type; diffusers loads it. uce needs no
 * training and takes seconds; esd and ablating-concepts train on what the model paints itself, in float32, which is slow without an
 * accelerator. Whether the concept is really gone is seen by lethe image generate with both folders.
 *
 * @param model folder of the model
 * @param concept what is erased: "Van Gogh"; several with semicolons between
 * @param style whether concepts are names of artists or styles: then prompts are "a painting in the style of" them
 * @param anchor what takes their place: "a painting" is the default for styles, nothing for others, where "a dog" for a breed is better
 * @param keep neighbours that must stay, with semicolons between: other artists, for styles; prompts, for others
 * @param subjects what is painted in a style while ablating-concepts trains, with semicolons between: "red apple; house"
 * @param pictures folder of pictures of the one concept, PNG or JPEG, brought to the size of the model; for forget-me-not
 * @param method uce, esd, ablating-concepts or forget-me-not, with settings as in a study file: "{esd: {iterations: 200}}"
 * @param to folder for the result, new or empty
 */
@Named("image erase")
public record EraseCheckpoint(
        @Required Path model,
        @Required String concept,
        boolean style,
        Optional<String> anchor,
        Optional<String> keep,
        Optional<String> subjects,
        Optional<Path> pictures,
        Sanitisation method,
        @Required Path to)
        implements Tool<EraseCheckpoint.Result> {
    /** UCE; model, concept and result are still to be named. */
    public EraseCheckpoint() {
        this(
                Path.of(""),
                "",
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new Uce(),
                Path.of(""));
    }

    @Override
    public List<?> entries() {
        return List.of(
                new Uce(),
                new Esd(),
                new AblatingConcepts(),
                new ForgetMeNot(),
                new NegativePrompt(),
                new SafeLatent());
    }

    /**
     * How it went.
     *
     * @param method method with the settings that are not as usual
     * @param concepts prompts that were erased
     * @param tensors how many tensors changed
     * @param change length of the change relative to the length of what changed, ‖W' − W‖ / ‖W‖
     * @param left files that were not copied, as they may hold the old weights
     * @param written folder of the result
     */
    public record Result(
            String method, List<String> concepts, int tensors, double change, List<String> left, Path written)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(method + ": " + String.join("; ", concepts));
            out.printf(Locale.ROOT, "%d tensors changed, by %.4g of their length%n", tensors, change);
            left.forEach(file -> out.println("not copied, as it may hold the old weights: " + file));
            out.println("What is left of the concept is seen by: lethe image generate");
            out.println(written);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        if (!(method instanceof WeightEditing editing)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    Named.Of.name(method)
                            + " changes no weights, so there is nothing to write: it acts while pictures are made."
                            + " Give the concept as negative prompt, or as safety concept, to the program that makes them,"
                            + " or choose uce, esd or ablating-concepts");
        }
        concepts(List.of()); // says what is wrong before anything is read
        PipelineFolder folder = new PipelineFolder(model);
        folder.requireNew(to);
        Devices.ready(env.device());
        try (var _ = new PointerScope()) {
            LatentDiffusion opened = LatentDiffusion.load(model, env.device());
            List<Sanitisation.Concept> concepts = concepts(shown(opened.size()[0]));
            Map<String, Tensor> before = edited(opened, editing);
            before.replaceAll((_, tensor) -> tensor.detach().clone());
            editing.edit(opened, concepts, env);
            Change change = change(before, edited(opened, editing));
            Set<Diffusion.Part> parts = EnumSet.noneOf(Diffusion.Part.class);
            before.keySet().forEach(name -> parts.add(Diffusion.Part.valueOf(name.substring(0, name.indexOf(' ')))));
            List<Path> left = folder.write(to, opened, parts).stream()
                    .filter(path -> !path.toString().startsWith("."))
                    .toList();
            return new Result(
                    Words.brief(method, new Uce()),
                    concepts.stream().map(Sanitisation.Concept::concept).toList(),
                    change.tensors,
                    change.share,
                    left.stream()
                            .map(Path::toString)
                            .filter(p -> !p.startsWith("unet") && !p.startsWith("text_encoder"))
                            .toList(),
                    to);
        }
    }

    private static Map<String, Tensor> edited(LatentDiffusion model, WeightEditing editing) {
        Map<String, Tensor> edited = new LinkedHashMap<>();
        for (Diffusion.Part part : Diffusion.Part.values()) {
            model.parameters(part).all().forEach((name, tensor) -> {
                if (editing.edits(part, name)) {
                    edited.put(part + " " + name, tensor);
                }
            });
        }
        return edited;
    }

    private record Change(int tensors, double share) {}

    private static Change change(Map<String, Tensor> before, Map<String, Tensor> after) {
        double moved = 0;
        double length = 0;
        int tensors = 0;
        try (var _ = new NoGradGuard()) {
            for (Map.Entry<String, Tensor> e : before.entrySet()) {
                try (var _ = new PointerScope()) {
                    Tensor now = Optional.ofNullable(after.get(e.getKey())).orElseThrow();
                    double far = now.sub(e.getValue()).square().sum().item_double();
                    if (!Double.isFinite(far)) {
                        throw new LetheException(
                                LetheException.Code.NUMERIC, "\"" + e.getKey() + "\" is not finite after the edit");
                    }
                    if (far > 0) {
                        tensors++;
                        moved += far;
                        length += e.getValue().square().sum().item_double();
                    }
                }
            }
        }
        return new Change(tensors, tensors == 0 ? 0 : Math.sqrt(moved / length));
    }

    private List<Bitmap> shown(int side) throws IOException {
        if (pictures.isEmpty()) {
            return List.of();
        }
        List<Path> files;
        try (Stream<Path> there = Files.list(pictures.get())) {
            files = there.filter(EraseCheckpoint::picture).sorted().toList();
        }
        if (files.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA, "--pictures is " + pictures.get() + ", which has no PNG or JPEG file");
        }
        List<Bitmap> shown = new ArrayList<>();
        for (Path file : files) {
            shown.add(PictureFolder.squared(Pictures.read(file), side));
        }
        return shown;
    }

    private static boolean picture(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return Stream.of(".png", ".jpg", ".jpeg").anyMatch(name::endsWith);
    }

    private List<Sanitisation.Concept> concepts(List<Bitmap> shown) {
        List<String> named = parts(concept);
        if (named.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--concept is \"" + concept + "\", expected a name, as \"Van Gogh\"");
        }
        if (subjects.isPresent() && !style) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--subjects are painted in a style, expected --style beside them");
        }
        if (pictures.isPresent() && named.size() > 1) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--pictures show one concept, and --concept names " + named.size() + "; expected one");
        }
        List<String> kept = keep.map(EraseCheckpoint::parts).orElse(List.of());
        List<String> painted = subjects.map(EraseCheckpoint::parts).orElse(List.of());
        return named.stream()
                .map(name -> new Sanitisation.Concept(
                        style ? Gallery.prompt("", name) : name,
                        style ? "in the style of " + name : name,
                        anchor.orElse(style ? Gallery.prompt("", "") : ""),
                        painted,
                        style ? kept.stream().map(k -> Gallery.prompt("", k)).toList() : kept,
                        shown,
                        shown.stream().map(_ -> "").toList()))
                .toList();
    }

    private static List<String> parts(String text) {
        return Arrays.stream(text.split(";"))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
    }
}
