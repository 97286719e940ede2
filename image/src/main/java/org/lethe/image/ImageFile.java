package org.lethe.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.image.model.GaussianWeights;
import org.lethe.image.model.LatentWeights;

/** One safetensors file of an {@link ImageModel}: weights and pictures as tensors, everything else as words of the header. */
public final class ImageFile {
    private static final String KIND = "lethe-model";
    private static final String KIND_1 = "image-model-1";
    private static final JsonMapper JSON = new JsonMapper();

    private ImageFile() {}

    /** What a kind of weights writes itself to. */
    public static final class Writer {
        private final Map<String, String> words = new TreeMap<>();
        private final Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();

        /** Adds words to the header. */
        public void word(String name, String value) {
            words.put(name, value);
        }

        /** Adds a tensor. */
        public void tensor(String name, Safetensors.Tensor tensor) {
            tensors.put(name, tensor);
        }
    }

    /**
     * What a kind of weights reads itself from.
     *
     * @param path of the file, for messages
     * @param file that is open
     */
    public record Reader(Path path, Safetensors file) {
        /** A word of the header, which must be there. */
        public String word(String name) {
            String value = file.metadata().get(name);
            if (value == null) {
                throw wrong(path, "has no \"" + name + "\" in its header");
            }
            return value;
        }

        /** The tensors whose names begin so, without that beginning. */
        public Map<String, Safetensors.Tensor> tensors(String prefix) {
            Map<String, Safetensors.Tensor> found = new LinkedHashMap<>();
            file.entries().forEach((name, entry) -> {
                if (name.startsWith(prefix)) {
                    long[] shape = entry.shape().stream().mapToLong(s -> s).toArray();
                    found.put(name.substring(prefix.length()), Safetensors.Tensor.of(file.floats(name), shape));
                }
            });
            return found;
        }
    }

    static void write(ImageModel model, Path path, Map<String, String> provenance) throws IOException {
        Writer to = new Writer();
        provenance.forEach(to::word);
        to.word(KIND, KIND_1);
        model.weights().save(to);
        ObjectNode guard = JSON.createObjectNode();
        switch (model.guard()) {
            case Guard.None() -> guard.put("kind", "none");
            case Guard.Avoid(String concept) -> guard.put("kind", "avoid").put("concept", concept);
            case Guard.Safe safe ->
                guard.put("kind", "safe")
                        .put("concept", safe.concept())
                        .put("warmUp", safe.warmUp())
                        .put("scale", safe.scale())
                        .put("threshold", safe.threshold())
                        .put("momentumScale", safe.momentumScale())
                        .put("momentum", safe.momentum());
        }
        to.word("guard", guard.toString());
        model.published().ifPresent(p -> published(p, to));
        Safetensors.write(path, to.tensors, to.words);
    }

    private static void published(ImageModel.Published published, Writer to) {
        ObjectNode root = JSON.createObjectNode().put("twins", published.twins());
        works(published.original(), "original.", root.putArray("original"), to);
        works(published.shown(), "shown.", root.putArray("shown"), to);
        published.mark().ifPresent(mark -> {
            ObjectNode words =
                    root.putObject("mark").put("method", mark.method()).putObject("words");
            new TreeMap<>(mark.words()).forEach(words::put);
            new TreeMap<>(mark.tensors()).forEach((name, tensor) -> to.tensor("mark." + name, tensor));
        });
        to.word("published", root.toString());
    }

    private static void works(List<Work> works, String prefix, ArrayNode list, Writer to) {
        for (int n = 0; n < works.size(); n++) {
            Work work = works.get(n);
            list.addObject()
                    .put("id", work.id())
                    .put("caption", work.caption())
                    .put("style", work.style())
                    .put("group", work.group())
                    .put("part", work.part().name());
            Bitmap picture = work.picture();
            to.tensor(prefix + n, Safetensors.Tensor.of(picture.values(), 3, picture.height(), picture.width()));
        }
    }

    static ImageModel read(Path path) throws IOException {
        try (Safetensors file = Safetensors.open(path)) {
            Reader from = new Reader(path, file);
            if (!from.word(KIND).equals(KIND_1)) {
                throw wrong(path, KIND + " is \"" + from.word(KIND) + "\", expected \"" + KIND_1 + "\"");
            }
            ImageModel model = ImageModel.of(
                    switch (from.word("weights")) {
                        case "gaussian" -> GaussianWeights.read(from);
                        case "latent" -> LatentWeights.read(from);
                        default ->
                            throw wrong(
                                    path, "weights are \"" + from.word("weights") + "\", expected gaussian or latent");
                    });
            ImageModel guarded = model.with(guard(JSON.readTree(from.word("guard")), path));
            String published = file.metadata().get("published");
            return published == null ? guarded : guarded.with(published(JSON.readTree(published), from));
        } catch (JsonProcessingException e) {
            throw new LetheException(LetheException.Code.DATA, path + ": a word of the header is no JSON", e);
        } catch (IllegalArgumentException e) {
            throw new LetheException(LetheException.Code.DATA, path + ": " + e.getMessage(), e);
        }
    }

    private static Guard guard(JsonNode node, Path path) {
        String concept = node.path("concept").asText();
        return switch (node.path("kind").asText()) {
            case "none" -> new Guard.None();
            case "avoid" -> new Guard.Avoid(concept);
            case "safe" ->
                new Guard.Safe(
                        concept,
                        node.path("warmUp").asInt(),
                        node.path("scale").asDouble(),
                        node.path("threshold").asDouble(),
                        node.path("momentumScale").asDouble(),
                        node.path("momentum").asDouble());
            default -> throw wrong(path, "guard is " + node + ", expected none, avoid or safe");
        };
    }

    private static ImageModel.Published published(JsonNode root, Reader from) {
        Optional<Mark> mark = Optional.empty();
        if (root.has("mark")) {
            Map<String, String> words = new LinkedHashMap<>();
            root.path("mark")
                    .path("words")
                    .properties()
                    .forEach(e -> words.put(e.getKey(), e.getValue().asText()));
            mark = Optional.of(new Mark(root.path("mark").path("method").asText(), words, from.tensors("mark.")));
        }
        return new ImageModel.Published(
                works(root.path("original"), "original.", from),
                works(root.path("shown"), "shown.", from),
                root.path("twins").asBoolean(),
                mark);
    }

    private static List<Work> works(JsonNode list, String prefix, Reader from) {
        List<Work> works = new ArrayList<>();
        for (JsonNode node : list) {
            String name = prefix + works.size();
            List<Long> shape = from.file().require(name).shape();
            works.add(new Work(
                    node.path("id").asText(),
                    new Bitmap(
                            shape.get(2).intValue(),
                            shape.get(1).intValue(),
                            from.file().floats(name)),
                    node.path("caption").asText(),
                    node.path("style").asText(),
                    node.path("group").asText(),
                    Work.Part.valueOf(node.path("part").asText())));
        }
        return works;
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
