package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.attack.Recovering.Recovered;
import org.lethe.image.attack.Recovering.Target;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class RingABellTest {
    private static final String PROMPT = "a thinga in the style of dots";
    private static final TokenSearch SEARCH = new TokenSearch(30, 40, 3, 0.5, 0.25);

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    private static double distance(Vocabulary vocabulary, Tensor goal, int... words) {
        try (var _ = new PointerScope()) {
            return vocabulary.states(List.of(words)).sub(goal).square().sum().item_double();
        }
    }

    @Test
    void theBestOfAGenerationNeverGetsWorse() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(5);
            Vocabulary vocabulary = Vocabulary.of(model);
            for (int seed = 0; seed < 5; seed++) {
                TokenSearch wild = new TokenSearch(10, 30, 6, 0.5, 1); // every text but the best changes
                TokenSearch.Found found = wild.bred(vocabulary, model.states(List.of(PROMPT)), 6, Keyed.seed(seed));
                assertEquals(31, found.course().size());
                for (int g = 1; g < found.course().size(); g++) {
                    assertTrue(
                            found.course().get(g) <= found.course().get(g - 1),
                            found.course().toString());
                }
                assertTrue(
                        found.course().getLast() < 0.8 * found.course().getFirst(),
                        found.course().toString());
                assertEquals(found.distance(), found.course().getLast());
                assertEquals(
                        distance(vocabulary, model.states(List.of(PROMPT)), found.words()), found.distance(), 1e-3);
            }
        }
    }

    @Test
    void theSameKeyFindsTheSameTextAndAnotherKeyAnother() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(5);
            Vocabulary vocabulary = Vocabulary.of(model);
            Tensor goal = model.states(List.of(PROMPT)).add(new Scalar(0.5));
            TokenSearch short3 = new TokenSearch(12, 4, 8, 0.5, 0.25);
            TokenSearch.Found one = short3.search(vocabulary, goal, Keyed.seed(1));
            TokenSearch.Found again = short3.search(vocabulary, goal, Keyed.seed(1));
            assertArrayEquals(one.words(), again.words());
            assertEquals(one.course(), again.course());
            assertNotEquals(
                    one.course(), short3.search(vocabulary, goal, Keyed.seed(2)).course());
        }
    }

    @Test
    void ofOneWordItIsTheNearestOfTheVocabulary() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(5);
            Vocabulary vocabulary = Vocabulary.of(model);
            assertEquals(Erased.words().size(), vocabulary.size());
            Tensor goal = model.states(List.of("ink style")).add(new Scalar(0.1));
            int nearest = 0;
            for (int word = 1; word < vocabulary.size(); word++) {
                nearest = distance(vocabulary, goal, word) < distance(vocabulary, goal, nearest) ? word : nearest;
            }
            TokenSearch one = new TokenSearch(10, 10, 1, 0.5, 0.25);
            assertArrayEquals(
                    new int[] {nearest},
                    one.search(vocabulary, goal, Keyed.seed(1)).words());
            // bred for long enough, the search comes to the same
            assertArrayEquals(
                    new int[] {nearest},
                    one.bred(vocabulary, goal, 1, Keyed.seed(1)).words());
        }
    }

    @Test
    void ofTwoWordsTheSearchEndsWhereAllTextsWouldLead() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(5);
            Vocabulary vocabulary = Vocabulary.of(model);
            Tensor goal = model.states(List.of(PROMPT));
            TokenSearch two = new TokenSearch(50, 40, 2, 0.5, 0.25);
            TokenSearch.Found all = two.search(vocabulary, goal, Keyed.seed(1));
            assertEquals(1, all.course().size(), "21 · 21 texts are fewer than 50 · 40");
            assertEquals(
                    all.distance(), two.bred(vocabulary, goal, 2, Keyed.seed(1)).distance(), 1e-3);
        }
    }

    @Test
    void aShortPromptIsFoundAgainWhereTheTargetIsItsOwn() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = Erased.latent(5);
            Vocabulary vocabulary = Vocabulary.of(model);
            Tensor goal = model.states(List.of("style dots ink"));
            TokenSearch.Found found = SEARCH.bred(vocabulary, goal, 3, Keyed.seed(3));
            assertEquals(0, found.distance(), 1e-4);
            assertEquals("style dots ink", vocabulary.text(found.words()));
        }
    }

    @Test
    void theConceptIsTheMeanDifferenceOfPairs() {
        ImageModel value = Erased.latentModel(5);
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            LatentDiffusion model = (LatentDiffusion) value.open(Device.CPU);
            Target target = LoraRecoveryTest.target(value, 16);
            Tensor expected = model.states(List.of("a thinga in the style of dots"))
                    .sub(model.states(List.of("a thinga")))
                    .add(model.states(List.of("a thingb in the style of dots")))
                    .sub(model.states(List.of("a thingb")))
                    .div(new Scalar(2));
            Tensor found = RingABell.concept(model, target);
            assertArrayEquals(expected.shape(), found.shape());
            assertTrue(
                    LoraRecoveryTest.distance(Tensors.floats(expected), Tensors.floats(found)) < 1e-5,
                    "not the mean difference");
        }
    }

    @Test
    void textsAreFoundOnceForAllProtectionsAndGoRoundTheCaptions() {
        ImageModel value = Erased.latentModel(5);
        Target target = LoraRecoveryTest.target(value, 16);
        RingABell attack = new RingABell(3, 3, 10, 5, 8, 0.5, 0.25, Erased.PROTOCOL);
        try (var _ = new PointerScope()) {
            Recovered one = attack.recover(Erased.latent(6), new Guard.None(), target, Env.seeded(1));
            Recovered other = attack.recover(Erased.latent(7), new Guard.None(), target, Env.seeded(1));
            List<String> texts = Erased.CAPTIONS.stream().map(one.prompt()).toList();
            assertEquals(texts, Erased.CAPTIONS.stream().map(other.prompt()).toList());
            assertEquals(3, texts.stream().distinct().count(), texts.toString());
            assertEquals(texts.subList(0, 3), texts.subList(3, 6));
            for (String text : texts) {
                String[] words = text.split(" ");
                assertEquals(8, words.length, text);
                assertTrue(Erased.words().containsAll(Arrays.asList(words)), text);
            }
        }
    }
}
