package org.lethe.image.protect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;

class WarpTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @Test
    void theMeanDisplacementOfTheGridIsOne() {
        for (int seed = 0; seed < 3; seed++) {
            double mean = 0;
            for (float v : Warp.drawn(8, 2, Keyed.seed(seed)).grid()) {
                mean += Math.abs(v) / 128;
            }
            assertEquals(1, mean, 1e-6);
        }
    }

    @Test
    void withoutStrengthItIsTheIdentity() {
        try (var _ = new PointerScope()) {
            Tensor pictures = TierZero.picture(Keyed.seed(1), 32).tensor().unsqueeze(0);
            Tensor same = Warp.drawn(8, 0, Keyed.seed(1)).of(pictures);
            assertEquals(0, same.sub(pictures).abs().max().item_double(), 1e-5);
            Bitmap picture = TierZero.picture(Keyed.seed(2), 32);
            assertArrayEquals(
                    picture.values(),
                    Warp.drawn(8, 0, Keyed.seed(1)).of(picture).values(),
                    1e-6f);
        }
    }

    @Test
    void aSeedGivesTheSameWarpAndAnotherAnother() {
        Bitmap picture = TierZero.picture(Keyed.seed(1), 32);
        float[] one = Warp.drawn(8, 2, Keyed.seed(1)).of(picture).values();
        assertArrayEquals(one, Warp.drawn(8, 2, Keyed.seed(1)).of(picture).values());
        assertFalse(
                Arrays.equals(one, Warp.drawn(8, 2, Keyed.seed(2)).of(picture).values()));
    }

    @Test
    void aRampMovesByTheDisplacement() { // of x/31 at a place moved by d pixels the value is (x + d)/31
        int side = 32;
        float[] ramp = new float[3 * side * side];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = i % side / 31f;
        }
        try (var _ = new PointerScope()) {
            Warp warp = Warp.drawn(8, 2, Keyed.seed(4));
            Tensor moved = warp.of(new Bitmap(side, side, ramp).tensor().unsqueeze(0));
            Tensor flow = warp.flow(side, side);
            for (int y = 4; y < 28; y++) {
                for (int x = 4; x < 28; x++) {
                    double pixels =
                            flow.narrow(1, 0, 1).narrow(2, y, 1).narrow(3, x, 1).item_double() * 2 / side * 31 / 2;
                    double found = moved.narrow(1, 0, 1)
                            .narrow(2, y, 1)
                            .narrow(3, x, 1)
                            .item_double();
                    assertEquals((x + pixels) / 31, found, 1e-5);
                }
            }
            double mean = flow.abs().mean().item_double();
            assertEquals(.8, mean, .3, "mean displacement in pixels at a strength of 2");
        }
    }

    @Test
    void gridsThatDoNotFitAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Warp(8, 2, new float[7]));
        assertThrows(IllegalArgumentException.class, () -> Warp.drawn(1, 2, Keyed.seed(1)));
        assertThrows(IllegalArgumentException.class, () -> Warp.drawn(8, -1, Keyed.seed(1)));
    }
}
