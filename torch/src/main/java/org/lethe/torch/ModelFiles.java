package org.lethe.torch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Safetensors;
import org.lethe.study.Storage;

/**
 * The weights of a model in safetensors: one file, or shards with an index, as the Hugging Face libraries lay them out.
 *
 * <p>Files are mapped; loading copies each tensor once, from the mapping into the model. A tensor that does not fit is
 * refused before the first value is copied.
 */
public final class ModelFiles implements AutoCloseable {
    private static final List<String> STEMS = List.of("model", "diffusion_pytorch_model");
    private static final String ENDING = ".safetensors";
    private static final String INDEX = ".safetensors.index.json";
    private static final long LARGEST_INDEX = 100_000_000;
    private static final int MOST_MISTAKES = 8;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path path;
    private final Map<Path, Safetensors> files;
    private final Map<String, Path> places; // of each tensor, its file

    private ModelFiles(Path path, Map<Path, Safetensors> files, Map<String, Path> places) {
        this.path = path;
        this.files = files;
        this.places = Collections.unmodifiableMap(places);
    }

    /**
     * Opens a safetensors file, an index, or a folder with one of them. In a folder a whole file comes before an index, and
     * {@code model} before {@code diffusion_pytorch_model}.
     */
    public static ModelFiles open(Path path) throws IOException {
        Path file = Files.isDirectory(path) ? inside(path) : path;
        return String.valueOf(file.getFileName()).endsWith(".json") ? sharded(file) : whole(file);
    }

    private static Path inside(Path folder) throws IOException {
        for (String stem : STEMS) {
            for (String ending : List.of(ENDING, INDEX)) {
                if (Files.exists(folder.resolve(stem + ending))) {
                    return folder.resolve(stem + ending);
                }
            }
        }
        try (Stream<Path> there = Files.list(folder)) {
            List<String> names = there.map(p -> String.valueOf(p.getFileName()))
                    .filter(n -> List.of(".bin", ".pt", ".pth", ".ckpt", ".pkl", ENDING).stream()
                            .anyMatch(n::endsWith))
                    .sorted()
                    .limit(5)
                    .toList();
            throw wrong(
                    folder,
                    "expected model.safetensors or model.safetensors.index.json"
                            + (names.isEmpty() ? "" : ", found " + String.join(", ", names))
                            + (names.stream().allMatch(n -> n.endsWith(ENDING))
                                    ? ""
                                    : "; pickles can carry code and are not read: write the weights as safetensors on a"
                                            + " machine that trusts them"));
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // what is returned closes it
    private static ModelFiles whole(Path file) throws IOException {
        Safetensors opened = Safetensors.open(file);
        Map<String, Path> places = new LinkedHashMap<>();
        opened.entries().keySet().forEach(name -> places.put(name, file));
        return new ModelFiles(file, Map.of(file, opened), places);
    }

    private static ModelFiles sharded(Path index) throws IOException {
        Map<String, String> map = weightMap(index);
        Map<Path, Safetensors> files = new LinkedHashMap<>();
        Map<String, Path> places = new TreeMap<>();
        ModelFiles opened = new ModelFiles(index, files, places);
        try {
            for (String shard : new TreeSet<>(map.values())) {
                Path file = index.resolveSibling(shard);
                if (!Files.isRegularFile(file)) {
                    throw wrong(index, "names the file " + shard + ", which is not there");
                }
                Safetensors part = Safetensors.open(file);
                files.put(file, part);
                for (String name : part.entries().keySet()) {
                    if (!shard.equals(map.get(name))) {
                        throw wrong(
                                file,
                                "has tensor \"" + name + "\", which the index "
                                        + (map.containsKey(name) ? "places in " + map.get(name) : "does not name"));
                    }
                    places.put(name, file);
                }
            }
            for (Map.Entry<String, String> e : map.entrySet()) {
                if (!places.containsKey(e.getKey())) {
                    throw wrong(
                            index, "places tensor \"" + e.getKey() + "\" in " + e.getValue() + ", which has it not");
                }
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private static Map<String, String> weightMap(Path index) throws IOException {
        if (Files.size(index) > LARGEST_INDEX) {
            throw wrong(index, "has " + Files.size(index) + " bytes, expected at most 100,000,000");
        }
        JsonNode map;
        try {
            map = JSON.readTree(index.toFile()).path("weight_map");
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, index + " is not proper JSON: " + e.getOriginalMessage(), e);
        }
        if (!map.isObject() || map.isEmpty()) {
            throw wrong(index, "has no weight_map, expected one from names to files");
        }
        Map<String, String> names = new LinkedHashMap<>();
        map.properties().forEach(e -> {
            String shard = e.getValue().asText();
            if (!e.getValue().isTextual() || !shard.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.safetensors")) {
                throw wrong(
                        index,
                        "places tensor \"" + e.getKey() + "\" in " + e.getValue()
                                + ", expected the plain name of a .safetensors file beside it");
            }
            names.put(e.getKey(), shard);
        });
        return names;
    }

    /** The names of all tensors. */
    public Set<String> names() {
        return places.keySet();
    }

    /** The file that holds a tensor. */
    public Safetensors file(String name) {
        Path place = places.get(name);
        if (place == null) {
            throw wrong(path, "has no tensor \"" + name + "\"" + Parameters.nearest(name, names()));
        }
        return Optional.ofNullable(files.get(place)).orElseThrow();
    }

    /** Copies all tensors into a model that has the same names and shapes. */
    public void load(Parameters model) {
        load(model, Optional::of);
    }

    /**
     * Copies all tensors into a model. Floating-point types may differ and are converted, to the nearest even where digits are
     * lost. A tied tensor may be in the file under any or all of its names.
     *
     * @param model has the names, shapes and types that are expected
     * @param inner from a name in the file to the model's name, or to nothing where a tensor is to be left out
     * @throws LetheException that lists every missing, surplus or misshapen tensor, up to eight
     */
    public void load(Parameters model, Function<String, Optional<String>> inner) {
        Map<String, String> outer = new LinkedHashMap<>(); // of a name of the model, that in the file
        List<Supplier<String>> mistakes = new ArrayList<>(); // told only if they are among the first
        for (String name : names()) {
            Optional<String> own = inner.apply(name);
            if (own.isEmpty()) {
                continue;
            }
            String twice = outer.putIfAbsent(own.get(), name);
            if (twice != null) {
                mistakes.add(() ->
                        "tensors \"" + twice + "\" and \"" + name + "\" are both \"" + own.get() + "\" of the model");
            } else if (!model.all().containsKey(own.get())) {
                mistakes.add(() -> placed(name) + " is surplus: the model has no \"" + own.get() + "\""
                        + Parameters.nearest(own.get(), model.all().keySet()));
            } else {
                misfit(name, own.get(), model.tensor(own.get())).ifPresent(m -> mistakes.add(() -> m));
            }
        }
        Map<String, String> chosen = new LinkedHashMap<>();
        model.distinct().forEach((name, tensor) -> {
            List<String> there = model.namesOf(name).stream()
                    .filter(outer::containsKey)
                    .map(n -> Optional.ofNullable(outer.get(n)).orElseThrow())
                    .toList();
            if (there.isEmpty()) {
                mistakes.add(() -> "tensor \"" + name + "\" " + Arrays.toString(tensor.shape()) + " is missing"
                        + Parameters.nearest(name, names()));
                return;
            }
            for (String other : there.subList(1, there.size())) {
                if (file(there.getFirst())
                                .bytes(there.getFirst())
                                .mismatch(file(other).bytes(other))
                        >= 0) {
                    mistakes.add(() -> "tensors \"" + there.getFirst() + "\" and \"" + other
                            + "\" differ, but are one tensor of the model");
                }
            }
            chosen.put(name, there.getFirst());
        });
        if (!mistakes.isEmpty()) {
            throw new LetheException(LetheException.Code.DATA, listed(mistakes));
        }
        chosen.forEach((name, from) -> {
            try (var _ = new PointerScope()) {
                Parameters.set(name, model.tensor(name), Tensors.of(file(from), from));
            }
        });
    }

    private Optional<String> misfit(String name, String inner, Tensor tensor) {
        Safetensors.Entry entry = file(name).require(name);
        List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
        if (!entry.shape().equals(shape)) {
            return Optional.of(placed(name) + " has shape " + entry.shape() + ", expected " + shape + " as \"" + inner
                    + "\" of the model");
        }
        Safetensors.Dtype own = Tensors.dtype(tensor.scalar_type().intern());
        boolean same = entry.dtype() == own || (Tensors.floating(entry.dtype()) && Tensors.floating(own));
        return same
                ? Optional.empty()
                : Optional.of(placed(name) + " is " + entry.dtype() + ", expected " + own + " as \"" + inner
                        + "\" of the model");
    }

    private String placed(String name) {
        return "tensor \"" + name + "\""
                + (files.size() == 1
                        ? ""
                        : " in "
                                + Optional.ofNullable(places.get(name))
                                        .orElseThrow()
                                        .getFileName());
    }

    private String listed(List<Supplier<String>> mistakes) {
        List<String> lines = mistakes.stream()
                .limit(MOST_MISTAKES)
                .map(m -> path + ": " + m.get())
                .toList();
        int more = mistakes.size() - lines.size();
        return String.join("\n", lines) + (more == 0 ? "" : "\n" + path + ": and " + more + " more");
    }

    @Override
    public void close() {
        files.values().forEach(Safetensors::close);
    }

    /** Writes a model to one file; a crash leaves the whole file or the one before. */
    public static void write(Path file, Parameters model, Map<String, String> metadata) throws IOException {
        try (var _ = new PointerScope()) {
            write(file, model.distinct(), metadata);
        }
    }

    private static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        Map<String, Safetensors.Tensor> saved = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> saved.put(name, Tensors.saved(tensor)));
        Map<String, String> all = new HashMap<>(metadata);
        all.putIfAbsent("format", "pt"); // without it the Hugging Face libraries refuse the file
        Safetensors.write(file, saved, all);
    }

    /**
     * Writes a model to a folder as {@code model.safetensors}, or as shards with their index where it is larger than one. The
     * index comes last: shards without it are no model. A folder with a model in it is refused, as it could become a mixture.
     *
     * @param folder exists, and may hold other files
     * @param shardBytes most bytes of tensors in a file, unless one tensor alone has more
     */
    public static void save(Path folder, Parameters model, long shardBytes, Map<String, String> metadata)
            throws IOException {
        Check.require(shardBytes >= 1, "shardBytes", shardBytes, "at least 1");
        for (String ending : List.of(ENDING, INDEX)) {
            if (Files.exists(folder.resolve(STEMS.getFirst() + ending))) {
                throw new LetheException(
                        LetheException.Code.STORAGE,
                        folder + " already has " + STEMS.getFirst() + ending + ", expected a folder without a model");
            }
        }
        List<Map<String, Tensor>> shards = new ArrayList<>();
        long room = 0;
        for (Map.Entry<String, Tensor> e : model.distinct().entrySet()) {
            long bytes = bytes(e.getValue());
            if (shards.isEmpty() || bytes > room) {
                shards.add(new LinkedHashMap<>());
                room = shardBytes;
            }
            room -= bytes;
            shards.getLast().put(e.getKey(), e.getValue());
        }
        if (shards.size() <= 1) {
            write(folder.resolve("model.safetensors"), model, metadata);
            return;
        }
        ObjectNode index = JSON.createObjectNode();
        index.putObject("metadata")
                .put("total_parameters", model.size())
                .put(
                        "total_size",
                        model.distinct().values().stream()
                                .mapToLong(ModelFiles::bytes)
                                .sum());
        Map<String, String> map = new TreeMap<>();
        for (int n = 0; n < shards.size(); n++) {
            String name = "model-%05d-of-%05d.safetensors".formatted(n + 1, shards.size());
            try (var _ = new PointerScope()) {
                write(folder.resolve(name), shards.get(n), metadata);
            }
            shards.get(n).keySet().forEach(tensor -> map.put(tensor, name));
        }
        ObjectNode weights = index.putObject("weight_map");
        map.forEach(weights::put);
        Storage.write(
                folder.resolve("model.safetensors.index.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index));
    }

    private static long bytes(Tensor tensor) {
        return tensor.numel() * tensor.element_size();
    }

    private static LetheException wrong(Path file, String what) {
        return new LetheException(LetheException.Code.DATA, file + ": " + what);
    }
}
