package org.lethe.text.model;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lethe.Safetensors;

/** Writes the stories260K model of llama2.c as a folder of the Hugging Face libraries. */
final class Stories {
    private Stories() {}

    static void convert(Path data, Path folder) throws IOException {
        Files.createDirectories(folder);
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(data.resolve("stories260K.bin")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int d = in.getInt();
        int hidden = in.getInt();
        int layers = in.getInt();
        int heads = in.getInt();
        int groups = in.getInt();
        int vocabulary = in.getInt();
        int positions = in.getInt();
        int e = d / heads;
        Map<String, Safetensors.Tensor> all = new TreeMap<>();
        put(all, "model.embed_tokens.weight", read(in, vocabulary * d), vocabulary, d);
        layered(all, in, layers, "input_layernorm", d);
        projections(all, in, layers, "self_attn.q_proj", heads, e, d, true);
        projections(all, in, layers, "self_attn.k_proj", groups, e, d, true);
        projections(all, in, layers, "self_attn.v_proj", groups, e, d, false);
        projections(all, in, layers, "self_attn.o_proj", heads, e, d, false);
        layered(all, in, layers, "post_attention_layernorm", d);
        layered(all, in, layers, "mlp.gate_proj", hidden, d);
        layered(all, in, layers, "mlp.down_proj", d, hidden);
        layered(all, in, layers, "mlp.up_proj", hidden, d);
        put(all, "model.norm.weight", read(in, d), d);
        Safetensors.write(folder.resolve("model.safetensors"), all, Map.of("format", "pt"));
        JsonMapper json = new JsonMapper();
        ObjectNode config = json.createObjectNode().put("model_type", "llama");
        config.put("vocab_size", vocabulary).put("hidden_size", d).put("num_hidden_layers", layers);
        config.put("num_attention_heads", heads).put("num_key_value_heads", groups);
        config.put("intermediate_size", hidden).put("max_position_embeddings", positions);
        config.put("rms_norm_eps", 1e-5).put("hidden_act", "silu").put("rope_theta", 10000.0);
        config.put("tie_word_embeddings", true).put("bos_token_id", 1).put("eos_token_id", 2);
        json.writeValue(folder.resolve("config.json").toFile(), config);
        json.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer(data.resolve("tok512.bin"), vocabulary));
        json.writeValue(
                folder.resolve("tokenizer_config.json").toFile(),
                json.createObjectNode()
                        .put("bos_token", "<s>")
                        .put("eos_token", "</s>")
                        .put("add_bos_token", true));
    }

    private static float[] read(ByteBuffer in, int count) {
        float[] values = new float[count];
        in.asFloatBuffer().get(values);
        in.position(in.position() + 4 * count);
        return values;
    }

    private static void put(Map<String, Safetensors.Tensor> all, String name, float[] values, long... shape) {
        all.put(name, Safetensors.Tensor.of(values, shape));
    }

    private static void layered(
            Map<String, Safetensors.Tensor> all, ByteBuffer in, int layers, String name, int... shape) {
        int size = java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        for (int l = 0; l < layers; l++) {
            put(
                    all,
                    "model.layers." + l + "." + name + ".weight",
                    read(in, size),
                    java.util.Arrays.stream(shape).asLongStream().toArray());
        }
    }

    /** Rows of queries and keys turn as neighbours there, and as halves here. */
    private static void projections(
            Map<String, Safetensors.Tensor> all,
            ByteBuffer in,
            int layers,
            String name,
            int heads,
            int e,
            int d,
            boolean turned) {
        for (int l = 0; l < layers; l++) {
            float[] values = read(in, heads * e * d);
            float[] own = values.clone();
            for (int row = 0; turned && row < heads * e; row++) {
                int h = row / e;
                int k = row % e;
                int from = h * e + (k < e / 2 ? 2 * k : 2 * (k - e / 2) + 1);
                System.arraycopy(values, from * d, own, row * d, d);
            }
            put(all, "model.layers." + l + "." + name + ".weight", own, heads * e, d);
        }
    }

    private record Piece(int id, float score, String text) {}

    private static ObjectNode tokenizer(Path file, int vocabulary) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        in.getInt();
        JsonMapper json = new JsonMapper();
        ObjectNode root = json.createObjectNode().put("version", "1.0");
        var added = root.putArray("added_tokens");
        ObjectNode model = json.createObjectNode().put("type", "BPE").put("unk_token", "<unk>");
        model.put("fuse_unk", true).put("byte_fallback", true);
        ObjectNode vocab = model.putObject("vocab");
        List<Piece> pieces = new ArrayList<>();
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < vocabulary; id++) {
            float score = in.getFloat();
            byte[] bytes = new byte[in.getInt()];
            in.get(bytes);
            String text = new String(bytes, StandardCharsets.UTF_8).replace(' ', '▁');
            if (id < 3) {
                text = List.of("<unk>", "<s>", "</s>").get(id);
                added.addObject()
                        .put("id", id)
                        .put("content", text)
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", true);
            } else if (id >= 259) {
                pieces.add(new Piece(id, score, text));
                ids.put(text, id);
            } else {
                text = String.format(java.util.Locale.ROOT, "<0x%02X>", id - 3);
            }
            vocab.put(text, id);
        }
        var merges = model.putArray("merges");
        pieces.sort(Comparator.comparingDouble((Piece p) -> -p.score).thenComparingInt(Piece::id));
        for (Piece piece : pieces) {
            for (int cut = 1; cut < piece.text.length(); cut++) {
                String left = piece.text.substring(0, cut);
                String right = piece.text.substring(cut);
                if (ids.containsKey(left) && ids.containsKey(right)) {
                    merges.addArray().add(left).add(right);
                }
            }
        }
        ObjectNode normaliser = root.putObject("normalizer").put("type", "Sequence");
        var steps = normaliser.putArray("normalizers");
        steps.addObject().put("type", "Prepend").put("prepend", "▁");
        ObjectNode replace = steps.addObject().put("type", "Replace");
        replace.putObject("pattern").put("String", " ");
        replace.put("content", "▁");
        root.putNull("pre_tokenizer").putNull("post_processor");
        ObjectNode decoder = root.putObject("decoder").put("type", "Sequence");
        var back = decoder.putArray("decoders");
        ObjectNode spaces = back.addObject().put("type", "Replace");
        spaces.putObject("pattern").put("String", "▁");
        spaces.put("content", " ");
        back.addObject().put("type", "ByteFallback");
        back.addObject().put("type", "Fuse");
        back.addObject()
                .put("type", "Strip")
                .put("content", " ")
                .put("start", 1)
                .put("stop", 0);
        root.set("model", model);
        return root;
    }
}
