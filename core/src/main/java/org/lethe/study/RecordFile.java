package org.lethe.study;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Aspect;
import org.lethe.Direction;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Picture;
import org.lethe.Verdict;

/**
 * The JSON files of a run folder. Each has a content, a digest of everything the content depends on, and a checksum.
 *
 * <p>A record of format 1 holds all results of a cell, without aspects, warnings and origins; the reader fills these
 * in.
 */
final class RecordFile {
    private static final long LARGEST = 64L << 20;
    private static final String FOLDER = "folder";
    private static final JsonMapper JSON = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addMixIn(Verdict.class, VerdictForm.class)
            .addMixIn(Picture.class, PictureForm.class)
            .addMixIn(Picture.Frame.class, FrameForm.class)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, SerializationFeature.INDENT_OUTPUT)
            .enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private RecordFile() {}

    /** How a verdict stands in JSON. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Verdict.Pass.class, name = "pass"),
        @JsonSubTypes.Type(value = Verdict.Fail.class, name = "fail"),
        @JsonSubTypes.Type(value = Verdict.Undecided.class, name = "undecided")
    })
    private interface VerdictForm {}

    /** How a picture stands in JSON; format 1 knew one kind. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is", defaultImpl = Picture.Scatter.class)
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Picture.Scatter.class, name = "scatter"),
        @JsonSubTypes.Type(value = Picture.Curve.class, name = "curve"),
        @JsonSubTypes.Type(value = Picture.HeatMap.class, name = "heat-map"),
        @JsonSubTypes.Type(value = Picture.Strip.class, name = "strip")
    })
    private interface PictureForm {}

    /** An image is a file of its own, named by its SHA-256. */
    interface FrameForm {
        @JsonSerialize(using = ImageName.class)
        @JsonDeserialize(using = Image.class)
        byte[] png();
    }

    private static final class ImageName extends JsonSerializer<byte[]> {
        @Override
        public void serialize(byte[] png, JsonGenerator json, SerializerProvider provider) throws IOException {
            json.writeString(RunFolder.sha256(png));
        }
    }

    private static final class Image extends JsonDeserializer<byte[]> {
        @Override
        public byte[] deserialize(JsonParser json, DeserializationContext context) throws IOException {
            String digest = json.getText();
            Path folder = (Path) context.getAttribute(FOLDER);
            Path file = image(folder, digest);
            byte[] png = digest.matches("[0-9a-f]{64}") && Files.isRegularFile(file)
                    ? Files.readAllBytes(file)
                    : new byte[0];
            if (!RunFolder.sha256(png).equals(digest)) {
                throw broken(file, "is missing or is not the image of its record");
            }
            return png;
        }
    }

    /** Where a run folder keeps an image. */
    static Path image(Path folder, String digest) {
        return folder.resolve("pictures").resolve(digest + ".png");
    }

    /**
     * The content of a file.
     *
     * @param format version of this form
     * @param text everything the content depends on; its SHA-256 is the name of the file
     * @param checksum SHA-256 of the content as JSON
     * @param content a run, a result of an audit, or the cost of a model
     */
    private record Sealed(int format, String text, String checksum, Object content) {}

    /** A value as JSON, keys in a fixed order. */
    static String json(Object value) {
        try {
            return JSON.writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a run record has a part that JSON cannot hold", e);
        }
    }

    /** The bytes of a file. */
    static byte[] sealed(String text, Object content) {
        return json(new Sealed(RunFolder.FORMAT, text, RunFolder.sha256(json(content)), content))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Reads a file that is named after its digest. */
    static <T> T read(Path folder, Path file, Class<T> type) {
        JsonNode content = content(file);
        if (type == Run.class && content instanceof ObjectNode run && !run.has("made")) {
            run.putNull("made"); // a record of an earlier version
        }
        if (type == Run.class && content.path("made") instanceof ObjectNode made && !made.has("promised")) {
            made.put("promised", "");
        }
        for (JsonNode finding : content.findParents("direction")) {
            scaled((ObjectNode) finding);
        }
        return convert(folder, file, content, type);
    }

    /** An earlier version did not record scales; what it knew of them follows from the direction and the unit. */
    private static void scaled(ObjectNode finding) {
        if (!finding.has("scale")) {
            Finding known = new Finding(
                            "",
                            0,
                            0,
                            Direction.valueOf(finding.path("direction").asText()))
                    .in(finding.path("unit").asText());
            finding.put("scale", known.scale().name());
        }
    }

    /** Reads a file that is no sealed record. */
    static <T> T plain(Path folder, Path file, Class<T> type) {
        return convert(folder, file, tree(file), type);
    }

    private static JsonNode content(Path file) {
        JsonNode tree = tree(file);
        int format = tree.path("format").asInt(0);
        if (format < 1 || format > RunFolder.FORMAT) {
            throw broken(file, "has format " + format + ", expected 1 to " + RunFolder.FORMAT);
        }
        String text = tree.path(format == 1 ? "cell" : "text").asText("");
        JsonNode content = tree.path(format == 1 ? "run" : "content");
        if (!content.isObject()) {
            throw broken(file, "is not a run record: it holds nothing");
        }
        if (!file.getFileName().toString().equals(RunFolder.sha256(text) + ".json")) {
            throw broken(file, "has a digest that does not fit its cell");
        }
        if (!RunFolder.sha256(json(content)).equals(tree.path("checksum").asText(""))) {
            throw broken(file, "has a checksum that does not fit its findings");
        }
        return format == 1 ? migrated((ObjectNode) content) : content;
    }

    /** A run of format 1, with the missing parts filled in. */
    private static JsonNode migrated(ObjectNode run) {
        run.put("origin", "");
        run.putArray("warnings");
        for (JsonNode result : run.path("results")) {
            ObjectNode audit = (ObjectNode) result;
            String name = audit.path("audit").asText("").split(" ", 2)[0];
            audit.put("aspect", FORMAT_1.getOrDefault(name, Aspect.EFFECT).name());
            if (!audit.has("pictures")) {
                audit.putArray("pictures");
            }
        }
        return run;
    }

    /** The aspects of the audits of format 1 that do not measure the effect. */
    private static final Map<String, Aspect> FORMAT_1 = Map.of(
            "utility", Aspect.UTILITY,
            "preservation", Aspect.UTILITY,
            "efficiency", Aspect.COST,
            "fairness", Aspect.FAIRNESS);

    private static JsonNode tree(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw broken(file, "is " + Files.size(file) + " bytes, expected at most " + LARGEST);
            }
            JsonNode tree = JSON.readTree(Files.readAllBytes(file));
            if (!tree.isObject()) {
                throw broken(file, "is not a run record: it is empty or no object");
            }
            return tree;
        } catch (JacksonException e) {
            throw unreadable(file, e);
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    private static <T> T convert(Path folder, Path file, JsonNode tree, Class<T> type) {
        try {
            return JSON.readerFor(type).withAttribute(FOLDER, folder).readValue(tree);
        } catch (JacksonException e) {
            if (e.getCause() instanceof LetheException known) {
                throw known;
            }
            throw unreadable(file, e);
        } catch (IOException e) {
            throw Storage.refused(file, "cannot be read", e);
        }
    }

    private static LetheException unreadable(Path file, JacksonException e) {
        return broken(
                file,
                "is not a run record: " + e.getOriginalMessage()
                        + (e.getLocation() == null || e.getLocation().getLineNr() < 1
                                ? ""
                                : " (line " + e.getLocation().getLineNr() + ")"));
    }

    /** The exception for a file that is not as it was written. */
    static LetheException broken(Path file, String what) {
        return new LetheException(LetheException.Code.STORAGE, file + " " + what + "; delete it to have it made again");
    }

    /** The images of some pictures, by their names. */
    static Map<String, byte[]> images(List<Picture> pictures) {
        Map<String, byte[]> images = new TreeMap<>();
        for (Picture picture : pictures) {
            if (picture instanceof Picture.Strip strip) {
                for (Picture.Frame frame : strip.frames()) {
                    byte[] png = frame.png();
                    images.put(RunFolder.sha256(png), png);
                }
            }
        }
        return images;
    }
}
