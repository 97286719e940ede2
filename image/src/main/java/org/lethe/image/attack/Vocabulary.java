package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.GaussianDiffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

/** The words of a text encoder, from which texts can be put together one by one. */
interface Vocabulary {
    /** Number of words. */
    int size();

    /** Most words of a text. */
    int longest();

    /** The states of texts of the same length, {@code [texts, tokens, dims]}. */
    Tensor states(List<int[]> texts);

    /** A text as a prompt. */
    String text(int... words);

    /** That of a model, which must outlive it. */
    static Vocabulary of(Diffusion model) {
        return switch (model) {
            case LatentDiffusion latent -> new Tokens(latent);
            case GaussianDiffusion exact -> new Names(exact);
            default ->
                throw new IllegalArgumentException("model is a "
                        + model.getClass().getSimpleName() + ", expected one with tokens or with names of conditions");
        };
    }

    /** All tokens but those that begin and end a text. */
    final class Tokens implements Vocabulary {
        private final LatentDiffusion model;
        private final int[] ids;

        Tokens(LatentDiffusion model) {
            this.model = model;
            ClipTokenizer tokenizer = model.tokenizer();
            ids = IntStream.range(
                            0, Math.min(tokenizer.size(), model.text().config().vocabulary()))
                    .filter(id -> id != tokenizer.start() && id != tokenizer.end())
                    .toArray();
            Check.require(ids.length >= 1, "words of the tokenizer", ids.length, "at least 1");
        }

        @Override
        public int size() {
            return ids.length;
        }

        @Override
        public int longest() {
            return model.text().config().positions() - 2;
        }

        @Override
        public Tensor states(List<int[]> texts) {
            int positions = model.text().config().positions();
            int[] all = new int[texts.size() * positions];
            Arrays.fill(all, model.padding());
            for (int n = 0; n < texts.size(); n++) {
                int[] words = texts.get(n);
                int at = n * positions;
                all[at++] = model.tokenizer().start();
                for (int word : words) {
                    all[at++] = ids[word];
                }
                all[at] = model.tokenizer().end();
            }
            Tensor batch = Tensors.of(all, texts.size(), positions)
                    .to(Devices.of(model.text().layers().device()), ScalarType.Long);
            return model.text().encode(batch).last();
        }

        @Override
        public String text(int... words) {
            return model.tokenizer()
                    .text(Arrays.stream(words).map(word -> ids[word]).toArray());
        }
    }

    /** The names of the exact model's conditions, of which a prompt has one. */
    final class Names implements Vocabulary {
        private final GaussianDiffusion model;

        Names(GaussianDiffusion model) {
            this.model = model;
        }

        @Override
        public int size() {
            return model.names().size();
        }

        @Override
        public int longest() {
            return 1;
        }

        @Override
        public Tensor states(List<int[]> texts) {
            List<String> prompts = new ArrayList<>();
            for (int[] text : texts) {
                prompts.add(text(text));
            }
            return model.states(prompts);
        }

        @Override
        public String text(int... words) {
            return String.join(
                    "", Arrays.stream(words).mapToObj(model.names()::get).toList());
        }
    }
}
