package org.lethe.recsys.shop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Safetensors;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.study.RunFolder;
import org.lethe.study.Storage;
import org.lethe.study.Words;
import org.lethe.tables.Entities;

/**
 * One version of a recommender in use: its settings, the interactions that it learned from, the model, and the history up to it. A
 * folder of five files.
 *
 * @param settings that stay from version to version
 * @param data with an empty id where a user or an item was forgotten; the others keep their numbers
 * @param model that answers
 * @param history lines, see {@link History}
 */
record Version(Settings settings, Split data, Recommender model, List<String> history) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int FORMAT = 1;
    private static final Recsys SUBJECT = new Recsys();

    /**
     * What stays from version to version.
     *
     * @param format of the folder
     * @param model learner with its settings
     * @param method with its settings
     * @param seed of the training
     * @param test share of the interactions held out for evaluation
     * @param validation share held out for early stopping
     * @param users column of users in the owner's files
     * @param items column of items
     * @param value column of values; empty without
     * @param time column of times; empty without
     */
    record Settings(
            int format,
            String model,
            String method,
            long seed,
            double test,
            double validation,
            String users,
            String items,
            String value,
            String time) {
        Learner<Split, Recommender> learner() {
            return Words.read(model, SUBJECT.models(), catalogue());
        }

        Method<Split, Recommender> forgetting() {
            return Words.read(method, SUBJECT.methods(), catalogue());
        }

        private static List<Object> catalogue() {
            List<Object> all = new ArrayList<>(SUBJECT.models());
            all.addAll(SUBJECT.methods());
            return all;
        }

        static Settings of(
                Learner<Split, Recommender> learner,
                Method<Split, Recommender> method,
                long seed,
                double test,
                double validation,
                Shop.Columns columns) {
            return new Settings(
                    FORMAT,
                    Words.full(learner),
                    Words.full(method),
                    seed,
                    test,
                    validation,
                    columns.users(),
                    columns.items(),
                    columns.value(),
                    columns.time());
        }

        Shop.Columns columns() {
            return new Shop.Columns(users, items, value, time);
        }
    }

    /** Digests of the data and of the model, as they stand in the files of a folder. */
    record Digests(String data, String model) {
        static Digests of(Path folder) {
            return new Digests(
                    RunFolder.sha256(folder.resolve("interactions.safetensors")),
                    RunFolder.sha256(folder.resolve("model.safetensors")));
        }
    }

    Version with(Split otherData, Recommender otherModel) {
        return new Version(settings, otherData, otherModel, history);
    }

    Version with(List<String> otherHistory) {
        return new Version(settings, data, model, otherHistory);
    }

    List<History.Event> events() {
        return History.read(history, "history.jsonl");
    }

    /** Writes data and model; the history comes last, as it names their digests. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        put(tensors, "train.", data.train());
        put(tensors, "validation.", data.validation());
        put(tensors, "test.", data.test());
        Safetensors.write(folder.resolve("interactions.safetensors"), tensors, Map.of());
        SUBJECT.save(model, Map.of(), folder.resolve("model.safetensors"));
        Map<String, List<String>> ids = new LinkedHashMap<>();
        ids.put("users", ids(data.train().userEntities()));
        ids.put("items", ids(data.train().itemEntities()));
        Storage.writePrivately(folder.resolve("ids.json"), json(ids));
        Storage.write(folder.resolve("settings.json"), json(settings));
    }

    void writeHistory(Path folder) {
        Storage.write(
                folder.resolve("history.jsonl"), (String.join("\n", history) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] json(Object value) throws JsonProcessingException {
        return JSON.writeValueAsBytes(value);
    }

    private static List<String> ids(Entities entities) {
        String[] ids = new String[entities.size()];
        Arrays.setAll(ids, entities::id);
        return List.of(ids);
    }

    private static void put(Map<String, Safetensors.Tensor> tensors, String part, Interactions pairs) {
        long[] users = new long[pairs.size()];
        long[] items = new long[pairs.size()];
        for (int u = 0; u < pairs.users(); u++) {
            for (int k = pairs.from(u); k < pairs.to(u); k++) {
                users[k] = u;
                items[k] = pairs.item(k);
            }
        }
        tensors.put(part + "users", Safetensors.Tensor.of(users, users.length));
        tensors.put(part + "items", Safetensors.Tensor.of(items, items.length));
        pairs.values().ifPresent(v -> tensors.put(part + "values", Safetensors.Tensor.of(v, v.length)));
        pairs.times().ifPresent(t -> tensors.put(part + "times", Safetensors.Tensor.of(t, t.length)));
    }

    /** Reads a folder that {@link #write} and {@link #writeHistory} wrote. */
    static Version read(Path folder) throws IOException {
        Path settingsFile = folder.resolve("settings.json");
        Settings settings = parsed(settingsFile, new TypeReference<Settings>() {});
        if (settings.format != FORMAT) {
            throw new LetheException(
                    LetheException.Code.DATA, settingsFile + ": format is " + settings.format + ", expected " + FORMAT);
        }
        Path idsFile = folder.resolve("ids.json");
        Map<String, List<String>> ids = parsed(idsFile, new TypeReference<Map<String, List<String>>>() {});
        Entities users = entities(ids, "users", idsFile);
        Entities items = entities(ids, "items", idsFile);
        Path dataFile = folder.resolve("interactions.safetensors");
        Split data;
        try (Safetensors read = Safetensors.open(dataFile)) {
            data = new Split(
                    pairs(read, "train.", users, items, dataFile),
                    pairs(read, "validation.", users, items, dataFile),
                    pairs(read, "test.", users, items, dataFile));
        }
        String told = new String(Files.readAllBytes(folder.resolve("history.jsonl")), StandardCharsets.UTF_8);
        List<String> history = told.lines().toList();
        return new Version(settings, data, SUBJECT.load(folder.resolve("model.safetensors")), history);
    }

    private static <T> T parsed(Path file, TypeReference<T> type) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try {
            return JSON.readValue(bytes, type);
        } catch (JsonProcessingException e) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": is not as it was written: " + e.getOriginalMessage(), e);
        }
    }

    private static Entities entities(Map<String, List<String>> ids, String what, Path file) {
        List<String> found = Optional.ofNullable(ids.get(what))
                .orElseThrow(() -> new LetheException(LetheException.Code.DATA, file + ": has no " + what));
        return Entities.ofNames(found.toArray(String[]::new));
    }

    private static Interactions pairs(Safetensors read, String part, Entities users, Entities items, Path file) {
        try {
            return Interactions.of(
                    users,
                    items,
                    ints(read.longs(part + "users")),
                    ints(read.longs(part + "items")),
                    read.entries().containsKey(part + "values")
                            ? Optional.of(read.floats(part + "values"))
                            : Optional.empty(),
                    read.entries().containsKey(part + "times")
                            ? Optional.of(read.longs(part + "times"))
                            : Optional.empty());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new LetheException(LetheException.Code.DATA, file + ": " + part + ": " + e.getMessage(), e);
        }
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }
}
