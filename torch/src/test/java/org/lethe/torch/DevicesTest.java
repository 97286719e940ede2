package org.lethe.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.lethe.Device;
import org.lethe.LetheException;

class DevicesTest {
    @Test
    void theProcessorIsAlwaysThere() {
        Devices.ready(Device.CPU);
        assertEquals(1, torch.get_num_threads());
        try (var _ = new PointerScope()) {
            assertTrue(Devices.of(Device.CPU).is_cpu());
            Tensor here = torch.ones(2);
            assertEquals(here.data_ptr(), Devices.on(here, Device.CPU).data_ptr());
        }
    }

    @Test
    void aCardThatIsNotThereIsNamed() {
        Assumptions.assumeFalse(torch.cuda_is_available(), "this machine has a card");
        LetheException e = assertThrows(LetheException.class, () -> Devices.ready(Device.parse("cuda:2")));
        assertTrue(e.getMessage().startsWith("device is cuda:2, but libtorch finds no card here"), e.getMessage());
    }
}
